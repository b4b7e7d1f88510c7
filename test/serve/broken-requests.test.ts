import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { until } from '../helpers/until.ts';
import { doorUrl, headers, openDoor } from './open-door.ts';

type Sent = 'photo' | 'two keys' | 'nonsense' | 'chunked nonsense' | 'half';

/** Sends all at once over one connection, and waits until it is closed. */
async function send(port: number, photo: string, parts: readonly Sent[]): Promise<string> {
  const body = (number: number) => JSON.stringify({ subjectId: `subject-${number}`, photo });
  const head = (...more: string[]) =>
    [
      `POST ${doorUrl} HTTP/1.1`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
      'Content-Type: application/json',
      ...[...more, '', ''],
    ].join('\r\n');
  const textOf: Readonly<Record<Sent, (number: number) => string>> = {
    photo: (number) => head(`Content-Length: ${body(number).length}`) + body(number),
    'two keys': (number) =>
      head('Idempotency-Key: a', 'Idempotency-Key: a', `Content-Length: ${body(number).length}`) +
      body(number),
    nonsense: () => 'nonsense\r\n\r\n',
    'chunked nonsense': () => `${head('Transfer-Encoding: chunked')}nonsense\r\n`,
    half: (number) => head(`Content-Length: ${body(number).length}`) + body(number).slice(0, 10),
  };
  const socket = connect(port, '127.0.0.1');
  let answered = '';
  let isClosed = false;
  socket.setEncoding('utf8').on('data', (text) => {
    answered += text;
  });
  socket.on('close', () => {
    isClosed = true;
  });
  const ends = parts.at(-1) === 'half';
  socket.write(parts.map((part, index) => textOf[part](index + 1)).join(''));
  if (ends) socket.end();
  await until(() => isClosed, { what: 'the end of the connection' });
  return answered;
}

it.each<[Sent[], string[], number]>([
  [['nonsense'], ['400'], 0],
  [['chunked nonsense'], ['400'], 0],
  [['half'], ['400'], 0],
  [['photo', 'nonsense'], ['202', '400'], 1],
  [['two keys', 'photo', 'nonsense'], ['400', '202', '400'], 1],
  [['photo', 'photo', 'nonsense'], ['202', '202', '400'], 2],
  [['photo', 'chunked nonsense'], ['202', '400'], 1],
  [['photo', 'half'], ['202', '400'], 1],
])('%j are answered %j: a photo that was taken in is not said to be none', async (parts, statuses, taken) => {
  const { app, photo, get } = await openDoor();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const answered = await send(port, photo, parts);
  expect([...answered.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(statuses);
  expect(answered.match(/"repeated":false/g) ?? []).toHaveLength(taken);
  expect(answered.match(/^Content-Type: application\/problem\+json/gim)).toHaveLength(
    statuses.length - taken,
  );
  expect((await get('')).json().inboxes[0].waiting).toBe(taken);
});
