import { expect, test } from 'vitest';
import { startEngineServerProcess } from '../helpers/engine-server-start.ts';

test('the engine server runs as a process of its own and is steered over HTTP', async () => {
  const server = await startEngineServerProcess({ latencyInMs: [5, 10] });
  try {
    await server.control.setMode('503');
    const response = await fetch(`${server.url}/add`, { method: 'POST', body: 'nothing' });
    expect(response.status).toBe(503);
    expect(await server.control.summary()).toEqual({ calls: 1, worstSecond: 1, templates: {} });
    const [call] = await server.control.calls();
    expect(call).toMatchObject({ method: 'POST', status: 503, played: '503' });
    await server.control.reset();
    expect(await server.control.calls()).toEqual([]);
  } finally {
    await server.stop();
  }
  await expect(fetch(server.url)).rejects.toThrow();
});
