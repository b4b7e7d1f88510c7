import { createServer } from 'node:http';
import { expect, it } from 'vitest';
import type { QueueBackend } from '../../src/queue/queue.ts';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { startServer } from '../../src/serve/serve.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

it('a queue that is away when the server starts is opened once it is there; pages are told meanwhile', async () => {
  const folder = await makeTemporaryFolder();
  const settings = { servePort: await freePort(), logLevel: 'silent' } as const;
  const rollcall = await openRollcall({ settings, environment: {}, folder: folder.path });
  let asked = 0;
  const queue = async () => {
    asked += 1;
    if (asked === 1) throw new Error('the queue is away');
    return { presence: { list: async () => [] } } as unknown as QueueBackend;
  };
  const server = await startServer({ ...rollcall, queue });
  const leaving = new AbortController();
  try {
    const headers = { authorization: `Bearer ${server.token.text}` };
    const { body } = await fetch(`${server.address}/api/v1/events`, { headers, signal: leaving.signal });
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (text.includes('"queue":"open"')) break;
    }
    expect(text.match(/"queue":"\w+"/g)).toEqual(['"queue":"away"', '"queue":"open"']);
    expect(asked).toBe(2);
  } finally {
    leaving.abort();
    await server.close();
    await rollcall.close();
    await folder.remove();
  }
});

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}
