# Build, then keep only what runs. Targets: `rollcall` (the default) and `rehearsal` (see docker-compose.yml).
# A tag moves. To build the same image again, pin it: --build-arg NODE_IMAGE=node@sha256:… (docs/operations.md).
ARG NODE_IMAGE=node:22-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.js scripts/build-web.js scripts/
COPY web web
COPY src src
RUN npm run build

# What the rehearsal needs that a real account does not: an engine, an S3 store, photos.
FROM build AS rehearsal
COPY tsconfig.scripts.json ./
COPY scripts scripts
COPY test test
RUN npm run build:scripts && mkdir -p demo-data && chown node:node demo-data
USER node
ENTRYPOINT ["node", "dist-scripts/scripts/rehearsal.js"]

FROM ${NODE_IMAGE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

FROM ${NODE_IMAGE} AS rollcall
ENV NODE_ENV=production ROLLCALL_HEALTH=127.0.0.1:9400
# glibc gives memory back that was used for a large photo; else a worker keeps over 100 MB of it (docs/operations.md).
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576
COPY --from=production /app /app
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/rollcall && mkdir /data && chown node:node /data
# Relative paths (./rollcall-data, ./photos, rollcall.config.json) begin here.
WORKDIR /data
USER node
# rollcall is process 1 and handles SIGTERM itself: calls in flight end, unfinished photos go back to the queue.
STOPSIGNAL SIGTERM
# A worker is asked whether it works; of another command it is enough that it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD grep -qz '^worker$' /proc/1/cmdline || exit 0; \
  exec node -e "fetch('http://' + process.env.ROLLCALL_HEALTH.replace('0.0.0.0', '127.0.0.1') + '/health').then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))"
ENTRYPOINT ["rollcall"]
CMD ["worker"]
