import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { createHttpsPhotoReader } from '../../photos/places/https-photo.ts';
import { makeFolder, writeWhole } from '../../storage/state/local-writer.ts';
import { guarded } from '../../storage/state/state-fault.ts';
import { FaultError, UsageError } from '../../util/errors.ts';
import { whyDenied } from '../../util/permission.ts';
import { withStartLock } from '../../util/start-lock.ts';
import type { Chaos } from './chaos.ts';
import { createEngineApp } from './create-engine-app.ts';
import { engineSocketOf, isListening } from './engine-socket.ts';
import { createLazyFaceReader, shareFaceReader } from './faces/create-face-reader.ts';
import { openTemplateStore } from './templates/template-store.ts';
import { maxImageSizeInBytes } from './verihubs-payload.ts';

export interface LocalEngineOptions {
  /** Where templates are kept; made if it is not there. */
  readonly folder: string;
  /** Where it listens besides the socket in its folder; absent: nowhere. Port 0: one that is free. */
  readonly listen?: { readonly host: string; readonly port: number };
  /** Requests at once, whether waiting or being processed; more are answered 503. */
  readonly maxRequests?: number;
  readonly chaos?: Chaos | undefined;
  /** Photos may be fetched from private addresses. */
  readonly allowPrivate: boolean;
  readonly log: Logger;
}

export interface LocalEngine {
  /** Of the port; absent: it listens on its socket alone. */
  readonly address?: string;
  /** Finishes what it has, then frees folder and port. */
  close(): Promise<void>;
}

const photoTimeoutInMs = 15_000;
const closeIdleEveryInMs = 50;

/**
 * Starts the local engine of a folder, unless another process serves it: one at a time does. States: serving → closing →
 * closed. Starting and closing are done under a lock file, so that the folder always has one process that writes.
 * @returns undefined if the folder is served already
 * @throws UsageError for an address that cannot be listened on, FaultError for the folder
 */
export async function startLocalEngine(options: LocalEngineOptions): Promise<LocalEngine | undefined> {
  try {
    return await startUnlessServed(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM') throw error;
    const { folder } = options;
    const message = `The local engine's folder ${folder} cannot be used (${code}). ${await whyDenied(folder)}`;
    throw new FaultError('local-engine', message, { cause: error });
  }
}

async function startUnlessServed(options: LocalEngineOptions): Promise<LocalEngine | undefined> {
  const { folder } = options;
  await guarded(folder, () => makeFolder(folder));
  const socketPath = await engineSocketOf(folder);
  const lock = join(folder, 'start.lock');
  return withStartLock(lock, async () => {
    if (await isListening(socketPath)) return undefined;
    await rm(socketPath, { force: true });
    const served = await serve(options, socketPath);
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= withStartLock(lock, () => served.close());
      return closing;
    };
    return { ...(served.address !== undefined && { address: served.address }), close };
  });
}

async function serve(options: LocalEngineOptions, socketPath: string): Promise<LocalEngine> {
  const { folder, listen, log, chaos, allowPrivate } = options;
  const releases: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const release of releases.splice(0).reverse()) await release();
  };
  try {
    const threads = availableParallelism();
    const reader = createLazyFaceReader(shareFaceReader);
    releases.push(() => reader.close());
    const onDamage = (lines: number) =>
      log.warn({ lines }, 'unreadable lines of the templates file were skipped');
    const store = await openTemplateStore({ folder, onDamage });
    releases.push(() => store.close());
    const https = createHttpsPhotoReader({
      allowPrivate,
      timeoutInMs: photoTimeoutInMs,
      maxSizeInBytes: maxImageSizeInBytes,
    });
    releases.push(() => https.close());
    const maxRequests = options.maxRequests ?? threads * 32;
    const app = await createEngineApp({ reader, store, https, maxRequests, chaos, log });
    const forwarding = createServer((socket) => app.server.emit('connection', socket));
    releases.push(() => drain(app, forwarding));
    const address = listen && (await listenAt(forwarding, listen));
    await writeWhole(servedBy(folder), JSON.stringify({ pid: process.pid, address: address ?? null }));
    await app.listen({ path: socketPath });
    return { ...(address !== undefined && { address }), close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** The port's connections are passed to the one server, which listens on the socket. */
async function listenAt(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (cause) {
    const message = `--host and --port (ROLLCALL_HOST, ROLLCALL_PORT) cannot be used: ${(cause as Error).message}.`;
    throw new UsageError('engine-address', message, { cause });
  }
  const name = host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${(server.address() as AddressInfo).port}`;
}

/** Connections that wait for a next request are ended as soon as they are idle; others when they have their reply. */
async function drain(app: FastifyInstance, forwarding: Server): Promise<void> {
  const forwarded = forwarding.listening ? once(forwarding, 'close') : undefined;
  if (forwarding.listening) forwarding.close();
  const timer = setInterval(() => app.server.closeIdleConnections(), closeIdleEveryInMs);
  try {
    await Promise.all([app.close(), forwarded]);
  } finally {
    clearInterval(timer);
  }
}

/** The process that serves a folder, for a message. */
export async function describeServer(folder: string): Promise<string> {
  const text = await readFile(servedBy(folder), 'utf8').catch(() => '{}');
  const { pid, address } = JSON.parse(text) as { pid?: number; address?: string | null };
  const where = typeof address === 'string' ? ` at ${address}` : ', inside a run or a worker';
  return `process ${pid ?? 'unknown'}${where}`;
}

const servedBy = (folder: string) => join(folder, 'served-by.json');
