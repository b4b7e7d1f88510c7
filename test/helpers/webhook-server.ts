import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What was posted to a webhook. */
export interface Posted {
  readonly path: string;
  readonly contentType: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export interface WebhookServer {
  /** With a secret in its path. */
  readonly url: string;
  readonly posted: readonly Posted[];
  /** The status that it answers from now on, once that is known. */
  answer(status: number | (() => Promise<number>)): void;
  close(): Promise<void>;
}

export const webhookSecret = 'hook-secret-4711';

/** A webhook of the test's own on the loopback interface. */
export async function startWebhookServer(): Promise<WebhookServer> {
  const posted: Posted[] = [];
  let status: () => Promise<number> = async () => 200;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const body = JSON.parse(text) as Posted['body'];
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
    );
    posted.push({ path: request.url ?? '', contentType: headers['content-type'], headers, text, body });
    response.writeHead(await status()).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/${webhookSecret}?token=${webhookSecret}`,
    posted,
    answer(next) {
      status = typeof next === 'number' ? async () => next : next;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
