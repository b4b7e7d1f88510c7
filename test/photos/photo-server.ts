import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** An https server on loopback with a certificate of its own for localhost and the names given. */
export interface PhotoServer {
  readonly port: number;
  /** A file with the certificate, for NODE_EXTRA_CA_CERTS. */
  readonly caFile: string;
  /** Path and authorization of every request, in order. */
  readonly requests: { readonly path: string; readonly authorization: string | undefined }[];
  close(): Promise<void>;
}

export async function startPhotoServer(answer: Answer, names: readonly string[] = []): Promise<PhotoServer> {
  const folder = await makeTemporaryFolder();
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
  const alternatives = ['DNS:localhost', 'IP:127.0.0.1', ...names.map((name) => `DNS:${name}`)].join(',');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc'];
  const what = ['-subj', '/CN=rollcall test', '-addext', `subjectAltName=${alternatives}`, '-days', '2'];
  await promisify(execFile)('openssl', ['req', '-x509', ...curve, ...what, '-keyout', key, '-out', cert]);
  const requests: PhotoServer['requests'] = [];
  const server = createHttpsServer(
    { key: await readFile(key), cert: await readFile(cert) },
    (request, response) => {
      requests.push({ path: request.url ?? '', authorization: request.headers.authorization });
      answer(request, response);
    },
  );
  const port = await listen(server);
  return {
    port,
    caFile: cert,
    requests,
    async close() {
      await close(server);
      await folder.remove();
    },
  };
}

/** A proxy whose every tunnel ends at one port of this machine. */
export interface TestProxy {
  readonly url: string;
  /** What it was asked to connect to, in order. */
  readonly tunnels: readonly string[];
  close(): Promise<void>;
}

export async function startTestProxy(targetPort: number): Promise<TestProxy> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '');
    const target = connect(targetPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const one of [socket, target]) {
      sockets.add(one);
      one.on('error', () => undefined);
    }
  });
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    tunnels,
    async close() {
      for (const socket of sockets) socket.destroy();
      await close(server);
    },
  };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
}
