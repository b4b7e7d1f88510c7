import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createPhotoReader } from '../../src/photos/read-photo.ts';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { openS3Connection, type S3Connection } from '../../src/storage/s3/s3-connection.ts';
import { internalError, type S3Proxy, slowDown, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { describeSource, listAll, listWhole } from './source-conformance.ts';
import { makeTar } from './tar-files.ts';
import { makeZip } from './zip-files.ts';

let server: S3Server;
let proxy: S3Proxy;
let s3: S3Connection;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startS3Proxy(server.endpoint);
  s3 = openS3Connection({
    pathStyle: true,
    environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
    longestOutageInMs: 60_000,
  });
  await server.createBucket('bucket');
  await server.put('bucket', [
    ...keys.map((key) => [`odd/${key}`, key] as const),
    ...['odd/', 'odd/sub/', 'odd/notes.txt', 'odd/._a.jpg', 'odd/.hidden/a.jpg'].map(
      (key) => [key, ''] as const,
    ),
    ...Array.from({ length: 2300 }, (_, index) => [`many/${index}.jpg`, 'x'] as const),
    ['rows/people.csv', csv],
    ['rows/people.jsonl', jsonl],
  ]);
});
afterAll(async () => {
  await s3?.close();
  await proxy?.close();
  await server?.close();
});
beforeEach(() => proxy.reset());

const open = (spec: string, options = {}) => openSource(spec, { s3, ...options });

/** In the order of S3: by UTF-8 bytes, in which a pair of surrogates comes behind all other characters. */
const keys = [
  '\u0001.jpg',
  ' a.jpg',
  '"q" & <t>.jpg',
  '%2F.jpg',
  "'s (1)*.jpg",
  'A.jpg',
  'a b+c%20d.jpg',
  'new\nline.webp',
  'return\rline.webp',
  'sub//double.jpg',
  'sub/B.png',
  'sub/a.PNG',
  'é.JPG',
  '\uFF21.jpg',
  '😀.jpg',
];
const idOf = (key: string) => key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('.'));

const expectedKeys = keys.map((key) => ({ photo: `s3://bucket/odd/${key}`, subjectId: idOf(key).trim() }));
const problem = (text: string) => ({ problem: text });

describeSource('a prefix on S3', async () => ({
  open: () => open('s3://bucket/odd/'),
  expected: expectedKeys,
}));

const csv = [
  '\uFEFFid,photo,dept',
  '1,a b.jpg,"sales, north"',
  '',
  '2,s3://other/2.jpg,',
  '3,"bro"ken,',
  '4,"never closed.jpg,',
  '5,"over\ntwo lines.jpg",',
  '6,/etc/passwd,',
  '7,../7.jpg,',
  '8,ü.jpg,\uFFFD',
].join('\r\n');

describeSource('a CSV manifest on S3', async () => ({
  open: () => open('s3://bucket/rows/people.csv'),
  expected: [
    { subjectId: '1', photo: 's3://bucket/rows/a b.jpg', metadata: { dept: 'sales, north' }, row: 1 },
    { subjectId: '2', photo: 's3://other/2.jpg', row: 3 },
    problem('row 4 has a quote in the wrong place; a field with quotes in it is written "like ""this"""'),
    problem('row 5 has a quote in the wrong place; a field with quotes in it is written "like ""this"""'),
    { subjectId: '5', photo: 's3://bucket/rows/over\ntwo lines.jpg', row: 6 },
    { row: 7, problem: expect.stringContaining('is a path on some machine') },
    { row: 8, problem: expect.stringContaining('leaves the prefix s3://bucket/rows/') },
    { subjectId: '8', photo: 's3://bucket/rows/ü.jpg', metadata: { dept: '\uFFFD' } },
  ],
}));

const jsonl = [
  '{"id":"1","photo":"a.jpg","dept":"sales"}',
  'not json',
  `{"id":"long","photo":"${'x'.repeat(1024 * 1024)}"}`,
  '{"id":2,"photo":"s3://other/2.jpg","version":"v1"}',
  '{"schema":"rollcall.report/1","subjectId":"r1","photo":"/p/r1.jpg","status":"failed"}',
  '{"id":"last","photo":"https://photos.example/last.jpg"}',
].join('\n');

describeSource('a JSONL manifest on S3', async () => ({
  open: () => open('s3://bucket/rows/people.jsonl'),
  expected: [
    { subjectId: '1', photo: 's3://bucket/rows/a.jpg', metadata: { dept: 'sales' }, row: 1 },
    problem('line 2 is not a JSON object; one object a line is needed'),
    problem('line 3 is longer than 1 MiB'),
    { subjectId: '2', photo: 's3://other/2.jpg', version: 'v1' },
    { subjectId: 'r1', problem: expect.stringContaining('is a path on some machine') },
    { subjectId: 'last', photo: 'https://photos.example/last.jpg' },
  ],
}));

const ids = (photos: readonly ListedPhoto[]) => photos.map(({ subjectId }) => subjectId);

describe('a prefix of several pages', () => {
  const sorted = Array.from({ length: 2300 }, (_, index) => `${index}.jpg`).sort();
  const expectedIds = sorted.map((name) => name.slice(0, -4));

  test('is listed whole, with ETag and size, however the store stumbles in the middle', async () => {
    const isLater = (request: { query: URLSearchParams }) => request.query.has('continuation-token');
    const source = await open('s3://bucket/many/');
    proxy.answer(isLater, slowDown, 1);
    proxy.answer(isLater, internalError, 2);
    proxy.answer(isLater, { cutAfterInBytes: 3000 }, 1);
    const { photos: listed, files } = await listWhole(source);
    expect(ids(listed)).toEqual(expectedIds);
    expect(listed[0]).toMatchObject({ version: '"9dd4e461268c8034f5c8564e155c67a6"', sizeInBytes: 1 });
    expect(files).toBe(0);
    expect(proxy.count('list')).toBe(1 + 3 + 4);
  });

  test('is gone on with behind the last key, without what came before', async () => {
    const after = { photo: 's3://bucket/many/1499.jpg' };
    const rest = await listAll(await open('s3://bucket/many/'), { after });
    expect(ids(rest)).toEqual(expectedIds.slice(expectedIds.indexOf('1499') + 1));
    expect(proxy.requests.map(({ query }) => query.get('start-after'))).toContain('many/1499.jpg');
  });

  test('a listing that nobody wants any more makes no more requests', async () => {
    const controller = new AbortController();
    const source = await open('s3://bucket/many/');
    proxy.answer(({ query }) => query.has('continuation-token'), slowDown);
    const listing = async () => {
      for await (const _ of source.list({ signal: controller.signal })) controller.abort(new Error('enough'));
    };
    await expect(listing()).rejects.toThrow('enough');
    expect(proxy.count('list')).toBeLessThanOrEqual(3);
  });

  test('an outage that lasts ends the listing with a fault', async () => {
    const impatient = openS3Connection({
      pathStyle: true,
      environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
      maxAttempts: 2,
      longestOutageInMs: 1000,
    });
    const source = await openSource('s3://bucket/many/', { s3: impatient });
    proxy.answer(({ query }) => query.has('continuation-token'), internalError);
    const listed: ListedPhoto[] = [];
    const listing = async () => {
      for await (const photo of source.list({ signal: new AbortController().signal })) listed.push(photo);
    };
    await expect(listing()).rejects.toMatchObject({ exitCode: 4 });
    expect(listed).toHaveLength(1000);
    await impatient.close();
  });

  test('a listing out of order is refused: it could not be gone on with', async () => {
    const source = await open('s3://bucket/odd/');
    const change = (body: string) => body.replaceAll('<Key>odd/A.jpg', '<Key>odd/zz.jpg');
    proxy.answer(({ kind }) => kind === 'list', { change });
    await expect(listAll(source)).rejects.toMatchObject({ exitCode: 2, code: 's3-order' });
  });
});

describe('an answer that is no page, with status 200', () => {
  const second = ({ query }: { query: URLSearchParams }) => query.has('continuation-token');
  const without = (element: string) => (body: string) =>
    body.replace(new RegExp(`<${element}>[^<]*</${element}>`, 'g'), '');
  const instead = (body: string) => () => body;
  const put = (element: string, text: string) => (body: string) =>
    body.replace(new RegExp(`<${element}>[^<]*<`), `<${element}>${text}<`);
  const page = (inner: string) =>
    `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${inner}</ListBucketResult>`;
  const tokenOf = (key: string) => Buffer.from(key).toString('base64');
  const answers: readonly [string, (body: string) => string, RegExp][] = [
    ['HTML', instead('<!DOCTYPE html><html><body>sign in</body></html>'), /no ListBucketResult/],
    ['HTML as XML', instead('<html><body><p>Sign in</p></body></html>'), /no ListBucketResult/],
    ['JSON', instead('{"error":"upstream"}'), /no ListBucketResult/],
    ['spaces', instead('   \n'), /is empty/],
    ['nothing', instead(''), /is empty/],
    [
      'an error',
      instead('<?xml version="1.0"?><Error><Code>InternalError</Code></Error>'),
      /InternalError|\b503\b/,
    ],
    [
      'another result',
      instead(page('').replaceAll('ListBucketResult', 'ListAllMyBucketsResult')),
      /no ListB/,
    ],
    ['no IsTruncated', instead(page('<Name>bucket</Name><KeyCount>0</KeyCount>')), /IsTruncated/],
    ['no place to go on', without('NextContinuationToken'), /NextContinuationToken/],
    ['an empty place to go on', put('NextContinuationToken', ''), /NextContinuationToken/],
    ['a token once more', put('NextContinuationToken', tokenOf('many/1898.jpg')), /same page follows again/],
    ['XML that is cut', (body) => body.slice(0, -300), /cut off/],
    ['XML that is cut behind the last key', (body) => body.replace('</ListBucketResult>', ''), /cut off/],
    ['a key too few', (body) => body.replace(/<Contents>.*?<\/Contents>/, ''), /999 keys and says 1000/],
    ['another bucket', put('Name', 'other'), /another bucket/],
    ['another prefix', put('Prefix', 'odd/'), /another prefix/],
    ['a key of another prefix', put('Key', 'odd/1.jpg'), /another prefix/],
    ['the page before', put('Key', 'many/0.jpg'), /begins before/],
    ['keys out of order', put('Key', 'many/2299.jpg'), /out of order/],
  ];

  test.each(answers.filter((_, index) => index % 4 === 0))('%s: is asked for again', async (_, change) => {
    const source = await open('s3://bucket/many/');
    proxy.answer(second, { change }, 1);
    expect(await listAll(source)).toHaveLength(2300);
  });

  test.each(answers)('%s, again and again: a fault, and no end of the list', async (_, change, message) => {
    const impatient = openS3Connection({
      pathStyle: true,
      environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
      maxAttempts: 1,
      longestOutageInMs: 0,
    });
    const source = await openSource('s3://bucket/many/', { s3: impatient });
    proxy.answer(second, { change });
    const fault = { exitCode: 4, message: expect.stringMatching(message) };
    await expect(listAll(source)).rejects.toMatchObject(fault);
    await impatient.close();
  });
});

test('what is left out of a prefix is counted, and globs are matched from the prefix on', async () => {
  const source = await open('s3://bucket/odd/', { exclude: ['sub/**'], include: ['**/*.jpg'] });
  const { photos: listed, files } = await listWhole(source);
  expect(listed.map(({ photo }) => photo)).not.toContain('s3://bucket/odd/sub/B.png');
  expect(listed.every(({ photo }) => photo?.endsWith('.jpg'))).toBe(true);
  expect(files).toBe(keys.length - listed.length + 3);
});

describe('a prefix that a network drive was copied to', () => {
  const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex');
  const objects: readonly [string, string | Buffer][] = [
    ['#recycle/a.jpg', 'x'],
    ['#recycle/b/b.jpg', 'x'],
    ['00017', jpeg],
    ['README', 'text'],
    ['anna.smith', jpeg],
    ['d.jfif', 'x'],
    ['e.nef', 'x'],
    ['empty', ''],
    ['z/@eaDir/d.jpg/thumb.jpg', 'x'],
    ['z/x.txt', 'x'],
  ];
  beforeEach(() =>
    server.put(
      'bucket',
      objects.map(([key, body]) => [`nas/${key}`, body] as const),
    ),
  );

  test('is listed as a folder is, by names and, where those do not tell, by content', async () => {
    const { photos, leftOut, files, ends } = await listWhole(await open('s3://bucket/nas/'));
    expect(photos.map(({ subjectId, problem }) => [subjectId, problem !== undefined])).toEqual([
      ['00017', false],
      ['anna', true],
      ['d', false],
    ]);
    expect(leftOut).toEqual([
      { path: '#recycle/', why: 'recycle-bin', files: 2 },
      { path: 'README', why: 'no-image' },
      { path: 'e.nef', why: 'other-picture', subjectId: 'e' },
      { path: 'empty', why: 'no-image' },
      { path: 'z/@eaDir/', why: 'thumbnails', files: 1 },
      { path: 'z/x.txt', why: 'no-image' },
    ]);
    expect(files).toBe(7);
    expect(ends).toEqual([{ gaps: 0 }]);
    expect(
      proxy.requests
        .filter(({ kind }) => kind === 'get')
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['nas/00017', 'nas/README', 'nas/anna.smith']);
  });

  test('lists what may not be looked at: who reads it says why it cannot be read', async () => {
    proxy.answer(({ key }) => key === 'nas/00017', { status: 403, code: 'AccessDenied' });
    expect(ids(await listAll(await open('s3://bucket/nas/')))).toEqual(['00017', 'anna', 'd']);
  });

  test('is listed whole with --include-left-out, and as before where a run of the former version goes on', async () => {
    expect(ids(await listAll(await open('s3://bucket/nas/', { includeLeftOut: true })))).toEqual([
      'a',
      'b',
      '00017',
      'anna',
      'd',
      'thumb',
    ]);
    expect(ids(await listAll(await open('s3://bucket/nas/', { listRules: 1 })))).toEqual(['a', 'b']);
  });
});

test('a manifest ends with its ETag, which changes with it', async () => {
  const source = await open('s3://bucket/rows/people.csv');
  const { signal } = new AbortController();
  const { ends } = await listWhole(source);
  expect(ends).toEqual([{ gaps: 0, version: expect.stringMatching(/^"[0-9a-f]{32}"$/u) }]);
  expect(await source.version?.(signal)).toBe(ends[0]?.version);
  await server.put('bucket', [['rows/people.csv', `${csv}\r\n9,9.jpg,`]]);
  expect(await source.version?.(signal)).not.toBe(ends[0]?.version);
  await server.put('bucket', [['rows/people.csv', csv]]);
});

test.each([
  ['s3://missing/a/', /missing\/a\/ cannot be listed \(NoSuchBucket, 404\): there is no such bucket/],
  ['s3://bucket/gone.csv', /gone.csv cannot be read \(NoSuchKey, 404\): it is not there/],
  ['s3://bucket/many', /neither a manifest .* nor a prefix: give s3:\/\/bucket\/many\//],
  ['s3://bucket/rows/empty.csv', /is empty: it needs a first row/],
])('%s can never be listed: that is seen when it is opened', async (spec, message) => {
  await server.put('bucket', [['rows/empty.csv', '']]);
  await expect(open(spec)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
});

describe('a manifest of several windows', () => {
  const count = 60_000;
  const row = (index: number) => `${index},photo-${index}.jpg,some more text that makes the row longer\n`;
  const big = `id,photo,text\n${Array.from({ length: count }, (_, index) => row(index)).join('')}`;
  beforeEach(() => server.put('bucket', [['rows/big.csv', big]]));

  test('is read by ranges of one object, and goes on where a body broke off', async () => {
    const source = await open('s3://bucket/rows/big.csv');
    proxy.reset();
    proxy.answer(({ kind }) => kind === 'get', slowDown, 1);
    proxy.answer(({ headers }) => headers['if-match'] !== undefined, { cutAfterInBytes: 100_000 }, 2);
    const listed = await listAll(source);
    expect(listed).toHaveLength(count);
    expect(listed.filter((photo, index) => photo.subjectId !== String(index) || photo.problem)).toEqual([]);
    const ranges = proxy.requests.map(({ headers }) => headers.range);
    expect(ranges.every((range) => range !== undefined)).toBe(true);
    expect(ranges.length).toBeLessThan(14);
  });

  test('that is another one by now is not gone on with, neither in one listing nor in the next', async () => {
    const source = await open('s3://bucket/rows/big.csv');
    let after: ListedPhoto | undefined;
    const listing = async () => {
      for await (const photo of source.list({ signal: new AbortController().signal })) {
        if (after === undefined)
          await server.put('bucket', [['rows/big.csv', big.replaceAll('some', 'what')]]);
        after = photo;
      }
    };
    const changed = { exitCode: 2, code: 'source-changed' };
    await expect(listing()).rejects.toMatchObject(changed);
    await expect(
      listAll(await open('s3://bucket/rows/big.csv'), after === undefined ? {} : { after }),
    ).rejects.toMatchObject(changed);
  });
});

const zipParts = [
  ...Array.from({ length: 20 }, (_, index) => ({
    name: `staff/p${index}.jpg`,
    content: `photo ${index}`,
    method: 8,
  })),
  { name: 'notes.txt' },
  { name: '../odd.jpg' },
];

describeSource('a zip file on S3', async () => {
  await server.put('bucket', [['rows/photos.zip', makeZip(zipParts)]]);
  const expected = [
    ...Array.from({ length: 20 }, (_, index) => ({
      subjectId: `p${index}`,
      photo: `s3://bucket/rows/photos.zip!/staff/p${index}.jpg`,
    })),
    { problem: expect.stringContaining('".."') },
  ];
  return { open: () => open('s3://bucket/rows/photos.zip'), expected };
});

test('photos in a zip file on S3 cost a request each, and come from the file that is there', async () => {
  const at = 's3://bucket/rows/night.zip';
  await server.put('bucket', [['rows/night.zip', makeZip(zipParts)]]);
  const { signal } = new AbortController();
  const photos = (await listAll(await open(at))).slice(0, 20);
  const reader = createPhotoReader({ s3, timeoutInMs: 10_000, allowPrivate: false });
  try {
    const read = (index: number) => reader.read(photos[index]?.photo ?? '', signal);
    expect(await read(0)).toMatchObject({ bytes: Buffer.from('photo 0'), version: photos[0]?.version });
    const before = proxy.requests.length;
    for (let index = 1; index < 20; index += 1)
      expect(await read(index)).toMatchObject({ bytes: Buffer.from(`photo ${index}`) });
    expect(proxy.requests.length - before).toBe(19);
    await server.put('bucket', [['rows/night.zip', makeZip(zipParts.toReversed())]]);
    expect(await read(3)).toMatchObject({ problem: expect.stringContaining('was changed'), retryable: true });
    expect(await read(3)).toMatchObject({ bytes: Buffer.from('photo 3') });
  } finally {
    await reader.close();
  }
  await expect(open('s3://bucket/rows/none.zip')).rejects.toMatchObject({ exitCode: 2 });
});

describe.each([
  ['tar', (bytes: Buffer) => bytes],
  ['tar.gz', (bytes: Buffer) => gzipSync(bytes)],
])('a .%s file on S3', (suffix, pack) => {
  const tarOf = (count: number, what = 'photo') =>
    pack(
      makeTar(
        Array.from({ length: count }, (_, index) => ({
          name: `staff/p${index}.jpg`,
          content: `${what} ${index}`,
        })),
      ),
    );
  const { signal } = new AbortController();
  const openReader = (timeoutInMs = 10_000) => createPhotoReader({ s3, timeoutInMs, allowPrivate: false });

  describeSource('it', async () => {
    const odd = pack(
      makeTar([{ name: 'a.jpg' }, { name: 'notes.txt' }, { name: '../b.jpg' }, { name: 'c.jpg' }]),
    );
    await server.put('bucket', [[`rows/odd.${suffix}`, odd]]);
    const at = `s3://bucket/rows/odd.${suffix}`;
    const expected = [
      { subjectId: 'a', photo: `${at}!/a.jpg` },
      { problem: expect.stringContaining('".."') },
      { subjectId: 'c', photo: `${at}!/c.jpg` },
    ];
    return { open: () => open(at), expected };
  });

  test('its photos are read in any order, and from the file that is there', async () => {
    const at = `s3://bucket/rows/night.${suffix}`;
    await server.put('bucket', [[`rows/night.${suffix}`, tarOf(20)]]);
    const photos = await listAll(await open(at));
    expect(photos).toHaveLength(20);
    const reader = openReader();
    try {
      const read = (index: number) => reader.read(photos[index]?.photo ?? '', signal);
      for (const index of [7, 0, 19, 3])
        expect(await read(index)).toMatchObject({
          ...{ bytes: Buffer.from(`photo ${index}`), version: photos[index]?.version },
        });
      await server.put('bucket', [[`rows/night.${suffix}`, tarOf(21, 'another photo')]]);
      if (suffix === 'tar')
        expect(await read(3)).toMatchObject({
          problem: expect.stringContaining('was changed'),
          retryable: true,
        });
    } finally {
      await reader.close();
    }
    const later = openReader();
    try {
      expect(await later.read(photos[3]?.photo ?? '', signal)).toMatchObject({
        bytes: Buffer.from('another photo 3'),
      });
    } finally {
      await later.close();
    }
  });

  test('one that was changed while it was listed is not listed any further, and not gone on with', async () => {
    const name = `rows/changing.${suffix}`;
    // Larger than what is read ahead, two pieces of 4 MiB, and not packed any smaller.
    const noise = Array.from({ length: 15 }, (_, index) => ({
      name: `p${index}.jpg`,
      content: randomBytes(600 * 1024),
    }));
    const bytes = pack(makeTar(noise));
    await server.put('bucket', [[name, bytes]]);
    const source = await open(`s3://bucket/${name}`);
    let after: ListedPhoto | undefined;
    const listing = async () => {
      for await (const photo of source.list({ signal })) {
        if (after === undefined) await server.put('bucket', [[name, tarOf(6)]]);
        after = photo;
      }
    };
    const changed = { exitCode: 2, code: 'source-changed' };
    await expect(listing()).rejects.toMatchObject(changed);
    await expect(
      listAll(await open(`s3://bucket/${name}`), after === undefined ? {} : { after }),
    ).rejects.toMatchObject(changed);
  });

  test('what is read of all of it before the first photo takes as long as it takes', async () => {
    const name = `rows/slow.${suffix}`;
    const parts = Array.from({ length: 4 }, (_, index) => ({
      name: `p${index}.jpg`,
      content: randomBytes(1024 * 1024),
    }));
    await server.put('bucket', [[name, pack(makeTar(parts))]]);
    proxy.setLatency(400);
    const reader = openReader(2_000);
    try {
      const read = await reader.read(`s3://bucket/${name}!/p3.jpg`, signal);
      expect(read).toMatchObject({ bytes: parts[3]?.content });
    } finally {
      await reader.close();
    }
  });

  test('an outage is waited for; who may not read it, and one that is cut off, end with exit code 2', async () => {
    const name = `rows/outage.${suffix}`;
    await server.put('bucket', [[name, tarOf(5)]]);
    const source = await open(`s3://bucket/${name}`);
    let failures = 0;
    proxy.answer(({ kind }) => {
      if (kind === 'get') failures += 1;
      return kind === 'get' && failures <= 2;
    }, slowDown);
    expect(await listAll(source)).toHaveLength(5);
    expect(failures).toBeGreaterThan(2);
    proxy.answer(() => true, { status: 403, code: 'AccessDenied' });
    await expect(open(`s3://bucket/${name}`)).rejects.toMatchObject({ exitCode: 2 });
    proxy.reset();
    await server.put('bucket', [[name, tarOf(5).subarray(0, -1100)]]);
    await expect(open(`s3://bucket/${name}`).then((cut) => listWhole(cut))).rejects.toMatchObject({
      exitCode: 2,
    });
    await expect(open(`s3://bucket/rows/none.${suffix}`)).rejects.toMatchObject({ exitCode: 2 });
  });
});
