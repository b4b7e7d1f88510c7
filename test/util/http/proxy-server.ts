import { once } from 'node:events';
import { createServer, request as requestHttp } from 'node:http';
import { type AddressInfo, connect } from 'node:net';

export interface ProxyServer {
  readonly url: string;
  /** The first line of every request, and its Proxy-Authorization. */
  readonly requests: { readonly line: string; readonly authorization: string | undefined }[];
  /** What it does with the next requests: `work`, a status, a `page` in the tunnel, `close` without an answer, or `silent`. */
  behaviour: 'work' | number | 'page' | 'close' | 'silent';
  close(): Promise<void>;
}

/** A proxy on loopback: CONNECT and forwarding. Every host name is this machine to it. */
export async function startProxyServer(): Promise<ProxyServer> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '');
    proxy.requests.push({
      line: `${request.method} ${url.origin}`,
      authorization: authorizationOf(request.headers),
    });
    if (typeof proxy.behaviour === 'number') {
      const words = { error: `the proxy says ${proxy.behaviour} to ${authorizationOf(request.headers)}` };
      response.writeHead(proxy.behaviour, { 'content-type': 'application/json' }).end(JSON.stringify(words));
      return;
    }
    const { method, headers } = request;
    const path = url.pathname + url.search;
    const onward = requestHttp({ host: '127.0.0.1', port: url.port, path, method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  server.on('connect', (request, socket) => {
    const { behaviour } = proxy;
    socket.on('error', () => {});
    proxy.requests.push({ line: `CONNECT ${request.url}`, authorization: authorizationOf(request.headers) });
    if (behaviour === 'close') socket.destroy();
    else if (behaviour === 'page')
      socket.end('HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n\r\n<html>Sign in</html>');
    else if (typeof behaviour === 'number')
      socket.end(`HTTP/1.1 ${behaviour} No\r\nContent-Length: 0\r\n\r\n`);
    else if (behaviour === 'work') {
      const onward = connect(Number(new URL(`http://${request.url}`).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        socket.pipe(onward).pipe(socket);
      });
      onward.on('error', () => socket.destroy());
      socket.on('close', () => onward.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const sockets = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => sockets.add(socket));
  const proxy: ProxyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    behaviour: 'work',
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
  return proxy;
}

function authorizationOf(headers: Record<string, unknown>): string | undefined {
  const value = headers['proxy-authorization'];
  return typeof value === 'string' ? value : undefined;
}
