import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { readObjectRange } from '../../../src/storage/s3/read-object.ts';
import { createS3Client } from '../../../src/storage/s3/s3-connection.ts';
import { readS3Error } from '../../../src/storage/s3/s3-error.ts';

const content = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const etag = '"one"';

type Answer = (reply: ServerResponse, asked: { from: number; to: number }) => void;

const whole: Answer = (reply) => reply.writeHead(200, { etag, 'content-length': 1000 }).end(content);
const part =
  (change: { etag?: string; shift?: number; cut?: number; length?: number } = {}): Answer =>
  (reply, { from, to }) => {
    const { shift = 0, cut = 0, length = 1000 } = change;
    const bytes = content.subarray(from + shift, to + 1);
    const range = `bytes ${from + shift}-${Math.min(to, length - 1)}/${length}`;
    const tag = 'etag' in change ? (change.etag ? { etag: change.etag } : {}) : { etag };
    reply.writeHead(206, { ...tag, 'content-range': range, 'content-length': bytes.length });
    if (cut === 0) reply.end(bytes);
    else reply.write(bytes.subarray(0, bytes.length - cut), () => reply.destroy());
  };
const html: Answer = (reply) =>
  reply.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>');

let close = async () => {};
afterEach(() => close());

async function read(from: number, answers: readonly Answer[], known?: string) {
  let requests = 0;
  const server = createServer(({ headers }, reply) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const answer = answers[Math.min(requests, answers.length - 1)];
    requests += 1;
    answer?.(reply, { from: Number(first), to: Math.min(Number(last), content.length - 1) });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const environment = {
    AWS_ACCESS_KEY_ID: 'k',
    AWS_SECRET_ACCESS_KEY: 's',
    AWS_REGION: 'us-east-1',
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
  };
  const client = await createS3Client({ pathStyle: true, maxAttempts: 1, environment });
  close = async () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
  };
  const at = { bucket: 'bucket', key: 'people.csv' };
  const { signal } = new AbortController();
  return readObjectRange(client, { at, from, sizeInBytes: 100, etag: known, signal });
}

test.each<[string, number, readonly Answer[]]>([
  ['a part', 300, [part()]],
  ['the whole object, though a part was asked for', 300, [whole]],
  ['a part that begins earlier', 300, [part({ shift: -40 })]],
  ['a part that is cut, and the rest', 300, [part({ cut: 60 }), part()]],
  ['a part that is cut, and the whole object', 300, [part({ cut: 60 }), whole]],
  ['the end', 950, [part()]],
])('%s gives the bytes that were asked for', async (_, from, answers) => {
  const { bytes, objectSizeInBytes } = await read(from, answers, etag);
  expect(bytes.equals(content.subarray(from, from + 100))).toBe(true);
  expect(objectSizeInBytes).toBe(1000);
});

test.each<[string, string, readonly Answer[]]>([
  ['another object, whatever was asked for', 'changed', [part({ etag: '"two"' })]],
  ['another object, when one is continued', 'changed', [part({ cut: 60 }), part({ etag: '"two"' })]],
  ['a page to sign in', 'unavailable', [html]],
  ['a page to sign in, when an object is continued', 'unavailable', [part({ cut: 60 }), html]],
  ['a part without its ETag', 'unavailable', [part({ etag: '' })]],
  ['a part that begins later', 'unavailable', [part({ shift: 10 })]],
  ['a body that always ends early', 'unavailable', [part({ length: 5000 })]],
])('%s is not taken for the object', async (_, kind, answers) => {
  const from = answers.length === 1 && kind === 'unavailable' ? 950 : 300;
  const error = await read(from, answers, etag).catch(readS3Error);
  expect(error).toMatchObject({ kind });
});
