import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export type S3RequestKind =
  | 'list'
  | 'get'
  | 'head'
  | 'put'
  | 'delete'
  | 'delete-many'
  | 'multipart-create'
  | 'multipart-part'
  | 'multipart-complete'
  | 'multipart-abort'
  | 'bucket';

export interface S3Request {
  readonly kind: S3RequestKind;
  readonly bucket: string;
  /** Decoded; empty for requests of a bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** What a request is answered with instead, or what becomes of the store's answer on the way. */
export type S3Answer =
  | { readonly status: number; readonly code: string; readonly more?: string }
  /** The connection is cut; after so many bytes of the body, if they are given. */
  | { readonly cutAfterInBytes: number }
  | { readonly change: (body: string) => string };

/** Stands before a store: counts requests, plays faults on the wire, takes its time. */
export interface S3Proxy {
  readonly endpoint: string;
  readonly requests: readonly S3Request[];
  count(kind: S3RequestKind): number;
  /** Plays the answer for the next `times` requests that match; without `times` for all of them. */
  answer(matches: (request: S3Request) => boolean, answer: S3Answer, times?: number): void;
  setLatency(latencyInMs: number): void;
  /** Forgets answers, latency and counts. */
  reset(): void;
  close(): Promise<void>;
}

export const slowDown: S3Answer = { status: 503, code: 'SlowDown' };
export const internalError: S3Answer = { status: 500, code: 'InternalError' };

interface Fault {
  readonly matches: (request: S3Request) => boolean;
  readonly answer: S3Answer;
  left: number;
}

export async function startS3Proxy(storeEndpoint: string): Promise<S3Proxy> {
  const store = new URL(storeEndpoint);
  const requests: S3Request[] = [];
  let faults: Fault[] = [];
  let latencyInMs = 0;
  const sockets = new Set<Socket>();
  const server = createServer(async (incoming, response) => {
    const request = readRequest(incoming);
    requests.push(request);
    const fault = faults.find(({ matches, left }) => left > 0 && matches(request));
    if (fault !== undefined) fault.left -= 1;
    if (latencyInMs > 0) await delay(latencyInMs);
    const answer = fault?.answer;
    if (answer !== undefined && 'status' in answer) refuse(incoming, response, answer);
    else forward(store, { incoming, response, answer });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    count: (kind) => requests.filter((request) => request.kind === kind).length,
    answer: (matches, answer, times = Number.POSITIVE_INFINITY) =>
      void faults.push({ matches, answer, left: times }),
    setLatency: (value) => {
      latencyInMs = value;
    },
    reset() {
      faults = [];
      latencyInMs = 0;
      requests.length = 0;
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

function readRequest({ method = 'GET', url = '/', headers }: IncomingMessage): S3Request {
  const [path = '', search = ''] = url.split('?', 2);
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  const query = new URLSearchParams(search);
  const kind = kindOf(method, { hasKey: key !== '', query });
  return { kind, bucket, key: decodeURIComponent(key), query, headers };
}

function kindOf(
  method: string,
  { hasKey, query }: { hasKey: boolean; query: URLSearchParams },
): S3RequestKind {
  if (!hasKey && query.has('delete')) return 'delete-many';
  if (!hasKey) return method === 'GET' ? 'list' : 'bucket';
  if (query.has('uploads')) return 'multipart-create';
  if (query.has('uploadId')) {
    const kinds = { PUT: 'multipart-part', POST: 'multipart-complete', DELETE: 'multipart-abort' } as const;
    return kinds[method as keyof typeof kinds] ?? 'get';
  }
  const kinds = { GET: 'get', HEAD: 'head', PUT: 'put', DELETE: 'delete' } as const;
  return kinds[method as keyof typeof kinds] ?? 'get';
}

function refuse(
  incoming: IncomingMessage,
  response: ServerResponse,
  { status, code, more = '' }: Extract<S3Answer, { status: number }>,
): void {
  incoming.resume();
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code>${more.includes('<Message>') ? '' : '<Message>played by the test</Message>'}${more}</Error>`,
  );
}

function forward(
  store: URL,
  {
    incoming,
    response,
    answer,
  }: {
    incoming: IncomingMessage;
    response: ServerResponse;
    answer: Exclude<S3Answer, { status: number }> | undefined;
  },
): void {
  const { method, url, rawHeaders } = incoming;
  const outgoing = send({
    host: store.hostname,
    port: store.port,
    method,
    path: url,
    headers: rawHeaders,
    setHost: false,
  });
  outgoing.on('error', () => response.destroy());
  outgoing.on('response', async (reply) => {
    try {
      if (answer === undefined) {
        response.writeHead(reply.statusCode ?? 500, reply.rawHeaders);
        reply.pipe(response);
        return;
      }
      const body = Buffer.concat(await reply.toArray());
      if ('change' in answer) {
        const changed = Buffer.from(answer.change(body.toString()));
        response.writeHead(reply.statusCode ?? 500, { ...reply.headers, 'content-length': changed.length });
        response.end(changed);
        return;
      }
      response.writeHead(reply.statusCode ?? 500, reply.rawHeaders);
      response.write(body.subarray(0, answer.cutAfterInBytes), () => response.destroy());
    } catch {
      response.destroy();
    }
  });
  incoming.pipe(outgoing);
  // Who asked went away.
  response.on('close', () => outgoing.destroy());
}
