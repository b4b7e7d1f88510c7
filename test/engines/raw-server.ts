import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A server that speaks byte by byte: what it says need not be HTTP. */
export interface RawServer {
  readonly url: string;
  /** Every request, to its last byte, and the connection that it came on. */
  readonly requests: { readonly text: string; readonly socket: Socket }[];
  /** Connections that were opened, also those on which nothing came. */
  readonly connections: readonly Socket[];
  /** Called with each request, counted from 1, when it is there to its last byte. */
  onRequest: (socket: Socket, count: number) => void;
  /** Forgets requests and connections, and ends these. */
  reset(): void;
  close(): Promise<void>;
}

export async function startRawServer(): Promise<RawServer> {
  const connections: Socket[] = [];
  const server = createServer((socket) => {
    connections.push(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
      if (text.length < end + 4 + length) return;
      raw.requests.push({ text, socket });
      text = '';
      raw.onRequest(socket, raw.requests.length);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const reset = () => {
    for (const socket of connections.splice(0)) socket.destroy();
    raw.requests.length = 0;
  };
  const raw: RawServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    connections,
    onRequest: () => {},
    reset,
    async close() {
      server.close();
      reset();
      await once(server, 'close');
    },
  };
  return raw;
}
