import type { Socket } from 'node:net';
import { brotliCompressSync, constants, deflateRawSync, gzipSync } from 'node:zlib';

/** What an engine, or whoever stands before it, sends for one request, and what must come of the call. */
export interface WireFault {
  readonly name: string;
  /** `good`: the JSON of a success. */
  readonly answer: (socket: Socket, good: string) => void;
  /** `done`: the success of whatever was asked for. */
  readonly becomes: 'done' | 'unavailable' | 'refused' | 'throttled' | 'rejected';
}

type Headers = Readonly<Record<string, string | number>>;

function head(status: number, headers: Headers = {}): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} X\r\n${lines.join('')}\r\n`;
}

/** A reply whose length is right. */
export const whole = (body: string | Buffer, { status = 200, headers = {} as Headers } = {}): Buffer => {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from(head(status, { ...headers, 'content-length': bytes.length })), bytes]);
};

const say =
  (make: (good: string) => string | Buffer): WireFault['answer'] =>
  (socket, good) =>
    void socket.write(make(good));
const sayAndEnd =
  (make: (good: string) => string | Buffer): WireFault['answer'] =>
  (socket, good) =>
    void socket.end(make(good));

const unavailable = (name: string, answer: WireFault['answer']): WireFault => ({
  name,
  answer,
  becomes: 'unavailable',
});
const done = (name: string, answer: WireFault['answer']): WireFault => ({ name, answer, becomes: 'done' });

const chunk = (text: string) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const chunked = head(200, { 'transfer-encoding': 'chunked' });
const packed = (encoding: string, body: Buffer, length = body.length) =>
  whole(body.subarray(0, length), { headers: { 'content-encoding': encoding } });
const portal =
  '<!DOCTYPE html><html><head><meta http-equiv="refresh" content="0; url=https://login.example/">';
const deep = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
const withField = (good: string, field: string) => good.replace('{', `{${field},`);

/** Replies that are cut off, or whose framing is wrong. */
export const framingFaults: readonly WireFault[] = [
  done(
    'a success',
    say((good) => whole(good)),
  ),
  unavailable(
    'nothing, and the end',
    sayAndEnd(() => ''),
  ),
  unavailable('a reset', (socket) => void socket.resetAndDestroy()),
  unavailable(
    'cut in the first line',
    sayAndEnd(() => 'HTTP/1.1 20'),
  ),
  unavailable(
    'cut in a header',
    sayAndEnd(() => 'HTTP/1.1 200 OK\r\ncontent-le'),
  ),
  unavailable(
    'cut behind a header',
    sayAndEnd(() => 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n'),
  ),
  unavailable(
    'cut behind the headers',
    sayAndEnd((good) => head(200, { 'content-length': good.length })),
  ),
  unavailable(
    'cut in the body',
    sayAndEnd((good) => whole(good).subarray(0, -9)),
  ),
  unavailable(
    'cut before its last byte',
    sayAndEnd((good) => whole(good).subarray(0, -1)),
  ),
  unavailable('a reset in the body', (socket, good) =>
    socket.write(whole(good).subarray(0, -9), () => void socket.resetAndDestroy()),
  ),
  unavailable(
    'a length that is too large, and the end',
    sayAndEnd((good) => head(200, { 'content-length': good.length + 1 }) + good),
  ),
  unavailable(
    'a length that is too small',
    say((good) => head(200, { 'content-length': good.length - 1 }) + good),
  ),
  unavailable(
    'two lengths',
    say((good) => `HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: ${good.length}\r\n\r\n${good}`),
  ),
  unavailable(
    'a negative length',
    say((good) => head(200, { 'content-length': -1 }) + good),
  ),
  unavailable(
    'a length and chunks',
    say(
      (good) => head(200, { 'content-length': 2, 'transfer-encoding': 'chunked' }) + chunk(good) + chunk(''),
    ),
  ),
  done(
    'chunks',
    say((good) => chunked + chunk(good.slice(0, 7)) + chunk(good.slice(7)) + chunk('')),
  ),
  done(
    'chunks with extensions',
    say((good) => `${chunked}${chunk(good).replace('\r\n', ';a=b\r\n')}0\r\n\r\n`),
  ),
  done(
    'trailers behind the chunks',
    say((good) => `${chunked}${chunk(good)}0\r\nx-status: 500\r\nretry-after: 60\r\n\r\n`),
  ),
  unavailable(
    'chunks without the last one, and the end',
    sayAndEnd((good) => chunked + chunk(good)),
  ),
  unavailable(
    'cut in a trailer',
    sayAndEnd((good) => `${chunked}${chunk(good)}0\r\nx-sta`),
  ),
  unavailable(
    'a chunk whose length is none',
    say((good) => `${chunked}xyz\r\n${good}\r\n0\r\n\r\n`),
  ),
  unavailable(
    'a chunk that is longer than it says',
    say((good) => `${chunked}5\r\n${good}\r\n0\r\n\r\n`),
  ),
  done(
    'a body to the end of the connection',
    sayAndEnd((good) => head(200) + good),
  ),
  done(
    'HTTP/1.0',
    sayAndEnd((good) => `HTTP/1.0 200 OK\r\n\r\n${good}`),
  ),
  unavailable(
    'a body that ends too soon with the connection',
    sayAndEnd((good) => head(200) + good.slice(0, -1)),
  ),
  done(
    'the end right behind it',
    sayAndEnd((good) => whole(good)),
  ),
  done(
    'a connection that is to be closed',
    sayAndEnd((good) => whole(good, { headers: { connection: 'close' } })),
  ),
  done(
    '100, 102 and 103 before it',
    say((good) => `${head(100)}${head(102)}${head(103, { link: '<x>' })}${whole(good)}`),
  ),
  done(
    'line ends behind it',
    say((good) => Buffer.concat([whole(good), Buffer.from('\r\n\r\n')])),
  ),
  unavailable(
    '100 and the end',
    sayAndEnd(() => head(100)),
  ),
  unavailable(
    '103 and the end',
    sayAndEnd(() => head(103)),
  ),
  unavailable(
    '101',
    say((good) => head(101, { upgrade: 'websocket', connection: 'upgrade' }) + good),
  ),
  unavailable(
    'a header of 40 kB',
    say((good) => whole(good, { headers: { 'x-pad': 'a'.repeat(40_000) } })),
  ),
  unavailable(
    'headers without end',
    say(() => `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(50_000)}`),
  ),
  unavailable(
    'a header line that is none',
    say((good) => `HTTP/1.1 200 OK\r\nno header\r\n\r\n${good}`),
  ),
  unavailable(
    'JSON without HTTP',
    sayAndEnd((good) => good),
  ),
  unavailable(
    'another protocol',
    sayAndEnd(() => 'SSH-2.0-OpenSSH_9.2\r\n'),
  ),
  unavailable(
    'TLS where there is none',
    sayAndEnd(() => Buffer.from([0x15, 3, 3, 0, 2, 2, 0x28])),
  ),
  unavailable(
    'a status beyond all',
    say((good) => whole(good, { status: 999 })),
  ),
];

/** Statuses that say less than a success, though the body says one. */
const statuses: readonly WireFault[] = [
  ...[200, 201, 203].map((status) =>
    done(
      `${status}`,
      say((good) => whole(good, { status })),
    ),
  ),
  ...[202, 205, 206, 207, 226, 299].map((status) =>
    unavailable(
      `${status} with a success`,
      say((good) => whole(good, { status })),
    ),
  ),
  unavailable(
    '204 with a success behind it',
    sayAndEnd((good) => head(204) + good),
  ),
  unavailable(
    '204',
    say(() => head(204)),
  ),
  ...[408, 425, 500, 502, 503, 504, 511, 598].map((status) =>
    unavailable(
      `${status} with a success`,
      say((good) => whole(good, { status })),
    ),
  ),
  ...[300, 301, 302, 303, 304, 307, 308, 401, 402, 403, 404, 405, 407, 410, 421].map(
    (status): WireFault => ({
      name: `${status} with a success`,
      answer: sayAndEnd((good) => (status === 304 ? head(status) : whole(good, { status }))),
      becomes: 'refused',
    }),
  ),
  { name: '429 with a success', answer: say((good) => whole(good, { status: 429 })), becomes: 'throttled' },
  { name: '413 with a page', answer: say(() => whole(portal, { status: 413 })), becomes: 'rejected' },
];

/** Bodies that cannot be read, or not without doubt. */
const bodies: readonly WireFault[] = [
  done(
    'gzip',
    say((good) => packed('gzip', gzipSync(good))),
  ),
  done(
    'br',
    say((good) => packed('br', brotliCompressSync(good))),
  ),
  done(
    'deflate',
    say((good) => packed('deflate', deflateRawSync(good))),
  ),
  done(
    'gzip that somebody unpacked on the way',
    say((good) => packed('gzip', Buffer.from(good))),
  ),
  unavailable(
    'gzip without its end',
    say((good) => packed('gzip', gzipSync(good), -4)),
  ),
  unavailable(
    'half of a gzip',
    say((good) => packed('gzip', gzipSync(good), 20)),
  ),
  unavailable(
    'half of a br',
    say((good) => packed('br', brotliCompressSync(good), 20)),
  ),
  unavailable(
    'gzip whose connection ends',
    sayAndEnd((good) =>
      Buffer.concat([Buffer.from(head(200, { 'content-encoding': 'gzip' })), gzipSync(good).subarray(0, -9)]),
    ),
  ),
  unavailable(
    'gzip that does not say so',
    say((good) => whole(gzipSync(good))),
  ),
  unavailable(
    'an encoding that nobody knows',
    say((good) => packed('zstd', gzipSync(good))),
  ),
  unavailable(
    'a bomb of gzip',
    say((good) => packed('gzip', gzipSync(good + ' '.repeat(4 << 20)))),
  ),
  unavailable(
    'a bomb of br',
    say((good) =>
      packed(
        'br',
        brotliCompressSync(good + ' '.repeat(4 << 20), { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } }),
      ),
    ),
  ),
  unavailable(
    'a bomb of gzip in gzip',
    say((good) => packed('gzip, gzip', gzipSync(gzipSync(good + ' '.repeat(4 << 20))))),
  ),
  unavailable(
    '8 MiB',
    say((good) => whole(good + ' '.repeat(8 << 20))),
  ),
  done(
    'nearly 1 MiB',
    say((good) => whole(good + ' '.repeat(1_000_000))),
  ),
  done(
    '1 MB of NULs behind it',
    say((good) => whole(good + '\0'.repeat(1_000_000))),
  ),
  unavailable(
    '1 MB of NULs before it',
    say((good) => whole('\0'.repeat(1_000_000) + good)),
  ),
  unavailable(
    'nothing',
    say(() => whole('')),
  ),
  done(
    'a byte order mark',
    say((good) => whole(`\ufeff${good}`)),
  ),
  done(
    'UTF-16 with its mark',
    say((good) => whole(Buffer.from(`\ufeff${good}`, 'utf16le'))),
  ),
  unavailable(
    'UTF-16 without a word of it',
    say((good) => whole(Buffer.from(good, 'utf16le'))),
  ),
  unavailable(
    'UTF-32',
    say((good) => whole(Buffer.from(`\ufeff\0${[...good].join('\0')}\0`, 'utf16le'))),
  ),
  unavailable(
    'UTF-8 that is called UTF-16',
    say((good) => whole(good, { headers: { 'content-type': 'application/json; charset=utf-16' } })),
  ),
  unavailable(
    'two documents',
    say((good) => whole(good + good)),
  ),
  unavailable(
    'a success and an error in two lines',
    say((good) => whole(`${good}\n{"error":"not stored"}\n`)),
  ),
  unavailable(
    'an error and a success in two lines',
    say((good) => whole(`{"error":"x"}\n${good}`)),
  ),
  unavailable(
    'a success in a list',
    say((good) => whole(`[${good}]`)),
  ),
  unavailable(
    'a success in a text',
    say((good) => whole(JSON.stringify(good))),
  ),
  unavailable(
    'a success in the page of a portal',
    say((good) => whole(`${portal}<script>${good}</script>`)),
  ),
  unavailable(
    'the page of a portal',
    say(() => whole(portal, { headers: { 'content-type': 'text/html' } })),
  ),
  unavailable(
    'words of JavaScript before it',
    say((good) => whole(`)]}',\n${good}`)),
  ),
  unavailable(
    'an error 100,000 levels deep',
    say((good) => whole(withField(good, `"error":${deep(100_000)}`))),
  ),
  done(
    'a field 100,000 levels deep',
    say((good) => whole(withField(good, `"x":${deep(100_000)}`))),
  ),
  unavailable(
    'a success in its prototype',
    say((good) => whole(`{"__proto__":${good}}`)),
  ),
  unavailable(
    'a name that comes twice',
    say((good) => whole(withField(good, '"success":false,"success":true'))),
  ),
];

export const bodyFaults: readonly WireFault[] = [...statuses, ...bodies];

/** Replies that never end: the call's own time limit ends it. */
export const endlessReplies: readonly WireFault[] = [
  unavailable('nothing at all', () => {}),
  unavailable(
    'half of the first line',
    say(() => 'HTTP/1.1 2'),
  ),
  unavailable(
    'headers, and no more',
    say(() => head(200, { 'content-length': 100 })),
  ),
  unavailable(
    'a whole success in a body that goes on',
    say((good) => chunked + chunk(good)),
  ),
  unavailable(
    'a success by its words in a body to the end of the connection',
    say((good) => head(200) + good),
  ),
  unavailable(
    '100 Continue again and again',
    drip(() => head(100)),
  ),
  unavailable(
    '103 again and again',
    drip(() => head(103)),
  ),
  unavailable(
    'a header again and again',
    drip((count) => (count === 0 ? 'HTTP/1.1 200 OK\r\n' : 'a: b\r\n')),
  ),
  unavailable(
    'a blank again and again',
    drip((count) => (count === 0 ? chunked : chunk(' '))),
  ),
];

function drip(text: (count: number) => string): WireFault['answer'] {
  return (socket) => {
    let count = 0;
    const timer = setInterval(() => {
      socket.write(text(count));
      count += 1;
    }, 5);
    socket.once('close', () => clearInterval(timer));
  };
}
