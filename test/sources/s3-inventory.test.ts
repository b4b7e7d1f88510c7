import { gunzipSync, gzipSync } from 'node:zlib';
import type { ColumnSource } from 'hyparquet-writer';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openSource } from '../../src/sources/open-source.ts';
import type { ListedPhoto } from '../../src/sources/source.ts';
import { openS3Connection, type S3Connection } from '../../src/storage/s3/s3-connection.ts';
import {
  type InventoryField,
  type InventoryObject,
  inventoryCsv,
  inventoryDelivery,
  inventoryParquet,
  md5Of,
  unversioned,
  versioned,
} from '../helpers/inventory.ts';
import { type S3Proxy, slowDown, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { describeSource, listAll, listWhole } from './source-conformance.ts';

let server: S3Server;
let proxy: S3Proxy;
let s3: S3Connection;
beforeAll(async () => {
  server = await startS3Server();
  proxy = await startS3Proxy(server.endpoint);
  const environment = { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint };
  s3 = openS3Connection({ pathStyle: true, environment, longestOutageInMs: 60_000 });
  await server.createBucket('photos');
  await server.createBucket('inventories');
});
afterAll(async () => {
  await s3?.close();
  await proxy?.close();
  await server?.close();
});
beforeEach(() => proxy.reset());

let deliveries = 0;
/** Puts a delivery, and gives the address of its manifest. */
async function deliver(delivery: Omit<Parameters<typeof inventoryDelivery>[0], 'prefix'>): Promise<string> {
  deliveries += 1;
  const prefix = `inventory/photos/daily-${deliveries}/`;
  await server.put('inventories', inventoryDelivery({ prefix, ...delivery }));
  return `s3://inventories/${prefix}2026-11-28T01-00Z/manifest.json`;
}
const open = (spec: string, options = {}) => openSource(spec, { s3, ...options });
const photoOf = (key: string) => `s3://photos/${key}`;
const names = (photos: readonly ListedPhoto[]) =>
  photos.map(({ photo }) => photo?.replace('s3://photos/', ''));

/** Two versions of one, a photo that was deleted, and keys with all that is odd in them. */
const history: readonly InventoryObject[] = [
  { key: 'staff/a.jpg', size: 10, eTag: 'aa' },
  { key: 'staff/a.jpg', size: 9, eTag: 'old', isLatest: false },
  { key: 'staff/gone.jpg', isDeleteMarker: true },
  { key: 'staff/gone.jpg', size: 1, eTag: 'g', isLatest: false },
  { key: 'staff/restored.jpg', isDeleteMarker: true, isLatest: false },
  { key: 'staff/restored.jpg', size: 3, eTag: 'rr-2', storageClass: 'DEEP_ARCHIVE' },
  { key: 'staff/', size: 0, eTag: 'd' },
  { key: 'staff/notes.txt', size: 5, eTag: 'n' },
];
const oddKeys = ['ü/b c+d%20e.jpg', '\uFEFFbom.jpg', '"q",\n.jpg', '😀.jpg', "f/'(1)*~!.jpg"];
const inventoryOf = (rows: readonly InventoryObject[], format: 'CSV' | 'Parquet', fields = versioned) =>
  format === 'CSV' ? inventoryCsv(rows, fields) : inventoryParquet(rows, { fields });
const odd = oddKeys.map((key, index) => ({ key, size: index, eTag: `odd-${index}` }));

describe.each(['CSV', 'Parquet'] as const)('an inventory in %s', (format) => {
  describeSource(`an inventory in ${format}`, async () => {
    const rows = [...odd, { key: 'x/1.jpg', bucket: 'others' }, { key: `x/${'k'.repeat(1025)}.jpg` }];
    const files = [history, rows].map((each) => inventoryOf(each, format));
    const spec = await deliver({ format, fields: versioned, files });
    const file = spec.replace(/2026.*/u, `data/1.${format === 'CSV' ? 'csv.gz' : 'parquet'}`);
    return {
      open: () => open(spec),
      expected: [
        { subjectId: 'a', photo: photoOf('staff/a.jpg'), version: '"aa"', sizeInBytes: 10 },
        { subjectId: 'restored', photo: photoOf('staff/restored.jpg'), version: '"rr-2"' },
        ...oddKeys.map((key) => ({ photo: photoOf(key) })),
        { problem: `row 6 of ${file}: it is of the bucket "others", the inventory of "photos"` },
        { problem: `row 7 of ${file}: its key is longer than 1024 bytes` },
      ],
    };
  });

  test('ends with the manifest’s MD5, which is its ETag, and tells what it left out', async () => {
    const spec = await deliver({ format, fields: versioned, files: [inventoryOf(history, format)] });
    const source = await open(spec);
    const { ends, leftOut } = await listWhole(source);
    const head = await server.client.headObject({ Bucket: 'inventories', Key: spec.slice(17) });
    expect(ends).toEqual([{ gaps: 0, version: head.ETag }]);
    expect(leftOut).toEqual([{ path: 'staff/notes.txt', why: 'no-image' }]);
    expect(await source.version?.(new AbortController().signal)).toBe(head.ETag);
  });

  test('lists what a listing of the bucket lists', async () => {
    const keys = ['list/1.jpg', 'list/.hidden.jpg', 'list/#recycle/2.jpg', 'list/3', 'list/4.jpg'];
    await server.put(
      'photos',
      keys.map((key) => [key, `\xff\xd8\xff ${key}`] as const),
    );
    const { Contents = [] } = await server.client.listObjectsV2({ Bucket: 'photos', Prefix: 'list/' });
    const rows = Contents.map(({ Key = '', Size = 0, ETag = '' }) => ({
      key: Key,
      size: Size,
      eTag: ETag.slice(1, -1),
    }));
    const spec = await deliver({
      format,
      files: [inventoryOf(rows, format, unversioned)],
      fields: unversioned,
    });
    const own = await listWhole(await open(spec));
    const listed = await listWhole(await open('s3://photos/list/'));
    expect(own.photos.map(({ cursor, ...photo }) => photo)).toEqual(listed.photos);
    expect(own.byKind).toEqual(listed.byKind);
    expect(listed.photos).not.toEqual([]);
  });

  test('is chosen from by globs from the bucket’s root on, and by the rules of a folder', async () => {
    const rows = ['a/1.jpg', 'a/2.png', 'b/3.jpg', 'ab/4.jpg'].map((key) => ({ key }));
    const spec = await deliver({
      format,
      fields: unversioned,
      files: [inventoryOf(rows, format, unversioned)],
    });
    const { photos, byKind } = await listWhole(
      await open(spec, { include: ['a/**'], idFrom: '{id}/{photo}.{ext}' }),
    );
    expect(photos.map(({ photo, subjectId }) => [photo, subjectId])).toEqual([
      [photoOf('a/1.jpg'), 'a'],
      [photoOf('a/2.png'), 'a'],
    ]);
    expect(byKind).toEqual({ '(excluded)': 2 });
  });

  test('of a list without ETags, a photo’s version is the time', async () => {
    const at = new Date('2026-11-27T01:02:03.000Z');
    const fields = ['Bucket', 'Key', 'LastModifiedDate'] as const;
    const rows = [{ key: 'a.jpg', lastModified: at }, { key: 'b.jpg' }];
    const spec = await deliver({ format, fields, files: [inventoryOf(rows, format, [...fields])] });
    expect((await listAll(await open(spec))).map(({ version }) => version)).toEqual([
      at.toISOString(),
      undefined,
    ]);
  });

  test('goes on behind a row without reading the files before it', async () => {
    const files = [0, 1, 2].map((file) =>
      inventoryOf(
        [1, 2, 3].map((row) => ({ key: `${file}/${row}.jpg`, size: 1 })),
        format,
        unversioned,
      ),
    );
    const spec = await deliver({ format, fields: unversioned, files });
    const all = await listAll(await open(spec));
    expect(all).toHaveLength(9);
    proxy.reset();
    const rest = await listAll(await open(spec), { after: all[6] });
    expect(names(rest)).toEqual(['2/2.jpg', '2/3.jpg']);
    const read = proxy.requests.map(({ key }) => key).filter((key) => key?.includes('/data/'));
    expect(new Set(read.map((key) => key?.at(key.indexOf('/data/') + 6)))).toEqual(new Set(['2']));
  });

  test('is not gone on with in another delivery', async () => {
    const file = inventoryOf([{ key: '1.jpg' }, { key: '2.jpg' }], format, unversioned);
    const spec = await deliver({ format, fields: unversioned, files: [file] });
    const [after] = await listAll(await open(spec));
    const other = await deliver({ format, fields: unversioned, files: [file, file] });
    const going = listAll(await open(other), { after });
    await expect(going).rejects.toMatchObject({ exitCode: 2, code: 'source-changed' });
  });

  test('a file that is missing, or of another size, is named before anything is listed', async () => {
    const rows = inventoryOf([{ key: '1.jpg' }], format, unversioned);
    const spec = await deliver({ format, fields: unversioned, files: [rows, rows] });
    const Key = inventoryKey(spec, format, 1);
    const listed: ListedPhoto[] = [];
    const listing = async () => {
      for await (const photo of (await open(spec)).list({ signal: new AbortController().signal }))
        listed.push(photo);
    };
    await server.put('inventories', [[Key, 'shorter']]);
    await expect(listing()).rejects.toMatchObject(
      broken(/data\/1\..* has 7 bytes, not the \d+ of the manifest/u),
    );
    await server.client.deleteObject({ Bucket: 'inventories', Key });
    await expect(listing()).rejects.toMatchObject(
      broken(/data\/1\..* is not there, although the manifest names it/u),
    );
    expect(listed).toEqual([]);
  });

  test('a file of the same size with another checksum is listed in no part', async () => {
    const rows = inventoryOf([{ key: '1.jpg' }], format, unversioned);
    const spec = await deliver({ format, fields: unversioned, files: [rows, rows] });
    const Key = inventoryKey(spec, format, 1);
    const { Body } = await server.client.getObject({ Bucket: 'inventories', Key });
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    bytes[bytes.length - 20] = (bytes.at(-20) ?? 0) ^ 1;
    await server.put('inventories', [[Key, bytes]]);
    const { photos, error, ends } = await listUntilBroken(spec);
    expect(error).toMatchObject(broken(/data\/1\..* does not have the MD5checksum of the manifest/u));
    expect(names(photos)).toEqual(['1.jpg']);
    expect(ends).toBe(0);
  });

  test('an outage in the middle is waited for', async () => {
    const rows = inventoryOf([{ key: '1.jpg' }], format, unversioned);
    const spec = await deliver({ format, fields: unversioned, files: [rows] });
    const source = await open(spec);
    proxy.answer(({ kind, key }) => kind === 'get' && key?.includes('/data/') === true, slowDown, 2);
    expect(await listAll(source)).toHaveLength(1);
  });

  test('without a row it is an empty list, whole', async () => {
    const spec = await deliver({
      format,
      fields: unversioned,
      files: [inventoryOf([], format, unversioned)],
    });
    const { photos, ends } = await listWhole(await open(spec));
    expect(photos).toEqual([]);
    expect(ends).toHaveLength(1);
  });

  test('a key that comes twice is listed twice, as in any list', async () => {
    const rows = inventoryOf([{ key: '1.jpg', eTag: 'e' }], format, unversioned);
    const spec = await deliver({ format, fields: unversioned, files: [rows, rows] });
    expect(names(await listAll(await open(spec)))).toEqual(['1.jpg', '1.jpg']);
  });
});

const inventoryKey = (spec: string, format: string, file: number) =>
  spec
    .replace('s3://inventories/', '')
    .replace(/2026.*/u, `data/${file}.${format === 'CSV' ? 'csv.gz' : 'parquet'}`);
const broken = (message: RegExp) => ({
  exitCode: 2,
  code: 'inventory-damaged',
  message: expect.stringMatching(message),
});

async function listUntilBroken(spec: string) {
  const photos: ListedPhoto[] = [];
  let ends = 0;
  const onEnd = () => {
    ends += 1;
  };
  try {
    const source = await open(spec);
    for await (const photo of source.list({ signal: new AbortController().signal, onEnd }))
      photos.push(photo);
  } catch (error) {
    return { photos, error, ends };
  }
  return { photos, error: undefined, ends };
}

describe('rows of CSV that cannot be photos get a line each, and the list has a gap', () => {
  const rows: readonly [string, string, RegExp][] = [
    ['a field too few', '"photos","x.jpg","1"', /has 3 fields, the manifest's fileSchema 4/],
    ['a field too many', '"photos","x.jpg","1","e","more"', /has 5 fields/],
    [
      'no percent-encoding',
      '"photos","%zz.jpg","1","e"',
      /a key that is not percent-encoded text: "%zz.jpg"/,
    ],
    ['half a character', '"photos","%C3.jpg","1","e"', /not percent-encoded text/],
    ['no key', '"photos","","1","e"', /it has no key/],
    ['a quote in the wrong place', '"photos","a"b.jpg","1","e"', /has a quote in the wrong place/],
    ['more than 1 MiB', `"photos","${'x'.repeat(1 << 20)}","1","e"`, /longer than 1 MiB/],
  ];
  test.each(rows)('%s', async (_, row, message) => {
    const text = `"photos","1.jpg","1","e"\n${row}\n"photos","2.jpg","1","e"\n`;
    const { photos, ends } = await listWhole(await open(await deliver({ files: [text] })));
    expect(photos.map(({ subjectId }) => subjectId)).toEqual(['1', undefined, '2']);
    expect(photos[1]?.problem).toMatch(message);
    expect(photos[1]?.problem).toMatch(/^row 2 of s3:\/\/inventories\//);
    expect(ends).toEqual([expect.objectContaining({ gaps: 1 })]);
  });

  test('a key with a NUL, which no engine is given', async () => {
    const [photo] = await listAll(await open(await deliver({ files: ['"photos","a%00.jpg","1","e"\n'] })));
    expect(photo?.problem).toMatch(/holds a NUL character/);
  });

  test('a blank as + or as %20, and lines that end as on Windows', async () => {
    const text =
      '"photos","a+b.jpg","1","e"\r\n"photos","a%20b.jpg","1","e"\r\n"photos","a%2Bb.jpg","1","e"\r\n';
    expect(names(await listAll(await open(await deliver({ files: [text] }))))).toEqual([
      'a b.jpg',
      'a b.jpg',
      'a+b.jpg',
    ]);
  });
});

describe('files that are not what they should be, although their checksums are right', () => {
  const good = gzipSync(inventoryCsv([{ key: '1.jpg' }]));
  const bomb = () => gzipSync(Buffer.alloc(8 * 1024 * 1024, 'x'));
  const files: readonly [string, 'CSV' | 'Parquet', () => Buffer, RegExp][] = [
    ['a gzip that is cut off', 'CSV', () => good.subarray(0, -12), /cannot be read as gzipped CSV/],
    ['no gzip', 'CSV', () => gunzipSync(good), /cannot be read as gzipped CSV/],
    ['an empty file', 'CSV', () => Buffer.alloc(0), /cannot be read as gzipped CSV/],
    ['a gzip bomb', 'CSV', bomb, /unpacks to more than 500 times its size/],
    ['no Parquet', 'Parquet', () => good, /cannot be read as Parquet/],
    ['an empty Parquet file', 'Parquet', () => Buffer.alloc(0), /cannot be read as Parquet/],
    [
      'a Parquet file without keys',
      'Parquet',
      () => inventoryParquet([{ key: '1.jpg' }], { fields: ['Bucket', 'Size'] }),
      /has no column for the key/,
    ],
    [
      'a Parquet file whose pages are broken',
      'Parquet',
      () => inventoryParquet([{ key: '1.jpg' }]).fill(0xff, 4, 40),
      /cannot be read as Parquet/,
    ],
  ];
  test.each(files)('%s', async (_, format, make, message) => {
    const { photos, error, ends } = await listUntilBroken(await deliver({ format, files: [make()] }));
    expect(error).toMatchObject(broken(message));
    expect(photos).toEqual([]);
    expect(ends).toBe(0);
  });
});

describe('Parquet', () => {
  const rows = Array.from({ length: 3000 }, (_, index) => ({
    key: `p/${index}.jpg`,
    size: index,
    eTag: md5Of(`${index}`),
  }));
  const expected = rows.map(({ key }) => key);
  /** A frame of Zstandard whose one block is not packed. */
  const frame = (bytes: Uint8Array) => {
    const head = Buffer.alloc(12);
    head.set([0x28, 0xb5, 0x2f, 0xfd, 0xa0]);
    head.writeUInt32LE(bytes.length, 5);
    head.writeUIntLE((bytes.length << 3) | 1, 9, 3);
    return new Uint8Array(Buffer.concat([head, bytes]));
  };
  const gzip = { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) };

  test.each([
    ['uncompressed', { codec: 'UNCOMPRESSED' }],
    ['packed with Snappy', { codec: 'SNAPPY' }],
    ['packed with gzip', { codec: 'GZIP', compressors: gzip }],
    ['packed with Zstandard', { codec: 'ZSTD', compressors: { ZSTD: frame } }],
    ['in row groups', { rowGroupSize: 700 }],
    ['in pages of a kilobyte', { pageSize: 1024 }],
  ] as const)('%s', async (_, options) => {
    const spec = await deliver({ format: 'Parquet', files: [inventoryParquet(rows, options)] });
    const all = await listAll(await open(spec));
    expect(names(all)).toEqual(expected);
    expect(all[17]).toMatchObject({ version: `"${rows[17]?.eTag}"`, sizeInBytes: 17 });
    const rest = await listAll(await open(spec), { after: all[1499] });
    expect(names(rest)).toEqual(expected.slice(1500));
  });

  test('columns of other types than AWS has are read for what they say', async () => {
    const key = Buffer.from('ü.jpg');
    const broken = Buffer.from([0xff, 0x2e]);
    const changes: Partial<Record<InventoryField, Partial<ColumnSource>>> = {
      Key: { type: 'BYTE_ARRAY', data: [key, broken, key] },
      IsLatest: { type: 'STRING', data: ['true', 'true', 'false'] },
      Size: { type: 'DOUBLE', data: [5, 1.5, undefined] },
    };
    const change = (field: InventoryField) => changes[field] ?? {};
    const three = [{ key: 'a' }, { key: 'b' }, { key: 'c' }];
    const files = [inventoryParquet(three, { fields: versioned, change })];
    const photos = await listAll(await open(await deliver({ format: 'Parquet', files })));
    expect(photos).toEqual([
      expect.objectContaining({ photo: photoOf('ü.jpg'), sizeInBytes: 5 }),
      expect.objectContaining({
        problem: expect.stringMatching(/^row 2 of .* no text that can be read in the column key/),
      }),
    ]);
  });

  test('columns that are not packed as it can be unpacked, or that are no values', async () => {
    const lzo = inventoryParquet([{ key: '1.jpg' }], { codec: 'LZO', compressors: { LZO: frame } });
    const lists = inventoryParquet([{ key: '1.jpg' }], {
      change: (field) => (field === 'Key' ? { type: 'JSON', data: [{ key: '1.jpg' }] } : {}),
    });
    const { error } = await listUntilBroken(await deliver({ format: 'Parquet', files: [lzo] }));
    expect(error).toMatchObject(broken(/cannot be read as Parquet/));
    const [photo] = await listAll(await open(await deliver({ format: 'Parquet', files: [lists] })));
    expect(photo?.problem).toMatch(/no text that can be read in the column key/);
  });
});

describe('a manifest', () => {
  const files = [inventoryCsv([{ key: '1.jpg' }])];
  const usage = (code: string, message: RegExp) => ({
    exitCode: 2,
    code,
    message: expect.stringMatching(message),
  });

  test.each([
    ['ORC', { format: 'ORC' }, /format "ORC", .*choose CSV or Apache Parquet/],
    ['no files', { change: { files: [] } }, /names no files/],
    [
      'no key among the columns',
      { change: { fileSchema: 'Bucket, Size' } },
      /fileSchema has no column for the key/,
    ],
    ['no source bucket', { change: { sourceBucket: undefined } }, /is no manifest of an S3 Inventory/],
    ['a bucket that is none', { change: { sourceBucket: 'a b' } }, /its bucket has no valid name/],
  ])('%s: is refused when it is opened', async (_, delivery, message) => {
    const refused = expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) });
    await expect(open(await deliver({ files, ...delivery }))).rejects.toEqual(refused);
  });

  test('of something else is said to be none', async () => {
    await server.put('inventories', [
      ['other/manifest.json', '{"name":"web app"}'],
      ['other/broken.json', '{'],
    ]);
    const none = usage('source-kind', /is no manifest of an S3 Inventory/);
    await expect(open('s3://inventories/other/manifest.json')).rejects.toMatchObject(none);
    await expect(open('s3://inventories/other/broken.json')).rejects.toMatchObject(none);
  });

  test('that its checksum was not made for is refused; without one, or one that may not be read, it is taken', async () => {
    const spec = await deliver({ files });
    const Key = spec.replace('s3://inventories/', '').replace(/json$/u, 'checksum');
    proxy.answer(({ key }) => key === Key, { status: 403, code: 'AccessDenied' }, 1);
    await open(spec);
    await server.put('inventories', [[Key, md5Of('another')]]);
    await expect(open(spec)).rejects.toMatchObject(
      broken(/manifest.json is not the one that the manifest.checksum/),
    );
    await server.client.deleteObject({ Bucket: 'inventories', Key });
    await open(spec);
  });
});

describe('of the folder in which an inventory is delivered day by day', () => {
  async function deliverDays() {
    const spec = await deliver({ files: [inventoryCsv([{ key: '1.jpg' }])] });
    const folder = spec.replace(/2026.*/u, '');
    const put = (day: string, name: string) =>
      server.put('inventories', [[`${folder.replace('s3://inventories/', '')}${day}/${name}`, '{}']]);
    return { spec, folder, put };
  }

  test('the newest delivery is listed that is complete', async () => {
    const { spec, folder, put } = await deliverDays();
    await put('2025-01-01T01-00Z', 'manifest.json');
    await put('2025-01-01T01-00Z', 'manifest.checksum');
    await put('2026-11-29T01-00Z', 'manifest.json');
    const source = await open(folder);
    expect(source).toMatchObject({ address: spec, newestIn: folder });
    expect(await listAll(source)).toMatchObject([{ photo: 's3://photos/1.jpg' }]);
    expect(await listAll(await open('s3://inventories/'))).toEqual([]);
  });

  test('its age is known, beside the usual time between two, and whether it is overdue', async () => {
    const { spec, folder, put } = await deliverDays();
    const one = await open(folder);
    expect(one).toMatchObject({ delivered: { at: '2026-11-28T01:00:00.000Z', isOverdue: false } });
    expect(one.delivered?.everyInMs).toBeUndefined();
    expect((await open(spec)).delivered).toBeUndefined();
    for (const name of ['manifest.json', 'manifest.checksum']) await put('2026-11-27T23-30Z', name);
    await put('2026-11-28T00-30Z', 'manifest.json');
    const { delivered } = await open(folder);
    const everyInMs = 90 * 60_000;
    expect(delivered).toMatchObject({ at: '2026-11-28T01:00:00.000Z', everyInMs });
    expect(delivered?.isOverdue).toBe((delivered?.ageInMs ?? 0) > 2 * everyInMs + 24 * 3_600_000);
  });

  test('the folder of one day is refused, with what to give', async () => {
    const { spec, folder } = await deliverDays();
    const message = expect.stringContaining(
      `give its manifest, ${spec}, or ${folder} for the newest delivery.`,
    );
    await expect(open(`${folder}2026-11-28T01-00Z/`)).rejects.toMatchObject({ exitCode: 2, message });
  });

  test('nothing is listed where no delivery is complete', async () => {
    await server.put('inventories', [['begun/2026-11-29T01-00Z/manifest.json', '{}']]);
    await expect(open('s3://inventories/begun/')).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining('no delivery is complete yet'),
    });
  });
});
