import { expect, it } from 'vitest';
import { openApp, ownHost, withToken } from './open-app.ts';

const headers = { host: ownHost, ...withToken };

it('metrics are served without a queue: what the state says, and that the queue is away', async () => {
  const { app } = await openApp();
  const reply = await app.inject({ url: '/metrics', headers });
  expect(reply.statusCode).toBe(200);
  expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(reply.body.match(/^rollcall_.*/gm)).toEqual(['rollcall_queue_up 0', 'rollcall_photos_left 0']);
});

it('who scales by them hears no half of the truth', async () => {
  const { app } = await openApp();
  const reply = await app.inject({ url: '/metrics.json', headers });
  expect(reply.statusCode).toBe(503);
  expect(reply.json()).toMatchObject({ detail: 'the queue or the state does not answer' });
});
