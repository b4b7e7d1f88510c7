import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { inventoryCsv, inventoryDelivery, unversioned } from '../helpers/inventory.ts';
import { makePhoto } from '../helpers/photos.ts';
import { startTestRedis, type TestRedis } from '../helpers/redis-server.ts';
import { type S3Proxy, slowDown, startS3Proxy } from '../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../helpers/s3-server.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let redis: TestRedis;
let server: S3Server;
let proxy: S3Proxy;
let scene: Scene;
const manyCount = 1_040;

beforeAll(async () => {
  redis = await startTestRedis();
  server = await startS3Server();
  proxy = await startS3Proxy(server.endpoint);
  scene = await openScene({
    queue: redis.url,
    environment: {
      ...server.environment,
      AWS_ENDPOINT_URL_S3: proxy.endpoint,
      ROLLCALL_BACKOFF: '10ms..20ms',
    },
  });
  const photo = await makePhoto();
  const manifest = [
    'subject_id,photo,dept',
    'ann,anna b+c%20d.jpg,sales',
    `bob,s3://other/bob.jpg,`,
    'cleo,gone.jpg,',
    'dora,/etc/passwd,',
    'eve,../eve.jpg,',
  ].join('\n');
  for (const bucket of ['archive', 'other']) await server.createBucket(bucket);
  await server.put('other', [['bob.jpg', await makePhoto()]]);
  await server.put('archive', [
    ['staff/', ''],
    ['staff/anna b+c%20d.jpg', photo],
    ['staff/cold.jpg', await makePhoto()],
    ['staff/notes.txt', 'x'],
    ['staff/sub/no-face.jpg', await makePhoto({ script: 'code-5' })],
    ['staff/text.jpg', 'no image'],
    ['staff/ü.png', await makePhoto({ format: 'png' })],
    ['staff/people.csv', manifest],
    ...Array.from({ length: manyCount }, (_, index) => [`many/${index}/same.jpg`, photo] as const),
  ]);
});

afterAll(async () => {
  await scene?.close();
  await proxy?.close();
  await server?.close();
  await redis?.close();
});

beforeEach(() => proxy.reset());

const etag = expect.stringMatching(/^"[0-9a-f]{32}"$/u);

describe('photos in a bucket', () => {
  it('are enrolled from a prefix, each with a line; an archived one costs no call', async () => {
    const more = '<StorageClass>GLACIER</StorageClass>';
    proxy.answer(({ kind, key }) => kind === 'get' && key === 'staff/cold.jpg', {
      status: 403,
      code: 'InvalidObjectState',
      more,
    });
    proxy.answer(({ kind }) => kind === 'get', { status: 500, code: 'InternalError' }, 2);
    const end = await scene.start(['run', 's3://archive/staff/', '--run-id', 'prefix']).ended;
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.not.stringContaining('Warning') });
    const of = (key: string) => ({ photo: `s3://archive/staff/${key}`, version: etag });
    const photo = (message: RegExp) => ({ kind: 'photo', message: expect.stringMatching(message) });
    expect(await scene.report('prefix')).toMatchObject([
      {
        ...of('anna b+c%20d.jpg'),
        subjectId: 'anna b+c%20d',
        status: 'enrolled',
        sizeInBytes: expect.any(Number),
      },
      {
        ...of('cold.jpg'),
        status: 'failed',
        stored: 'no',
        error: photo(/archived in GLACIER: restore it, then run dead-letters --retry/),
      },
      { ...of('sub/no-face.jpg'), subjectId: 'no-face', status: 'rejected', error: { code: '5' } },
      { ...of('text.jpg'), status: 'failed', error: photo(/./) },
      { ...of('ü.png'), subjectId: 'ü', status: 'enrolled' },
    ]);
    expect(scene.engine.calls).toHaveLength(3);
    expect(await scene.record('prefix')).toMatchObject({ source: 's3://archive/staff/' });
    expect(await scene.summary('prefix')).toMatchObject({ total: 5 });
  });

  it('that were archived are enrolled once they are restored', async () => {
    const end = await scene.run(['dead-letters', 'prefix', '--retry']);
    expect(end.exitCode).toBe(1);
    const [runId = ''] = (await scene.runIds()).filter((id) => id !== 'prefix');
    expect(await scene.report(runId)).toMatchObject([
      { photo: 's3://archive/staff/cold.jpg', status: 'enrolled' },
      { photo: 's3://archive/staff/text.jpg', status: 'failed' },
    ]);
  });

  it('are enrolled from a manifest that lies beside them', async () => {
    const end = await scene.run(['run', 's3://archive/staff/people.csv', '--run-id', 'rows']);
    expect(end.exitCode).toBe(1);
    expect(await scene.report('rows')).toMatchObject([
      {
        photo: 's3://archive/staff/anna b+c%20d.jpg',
        status: 'enrolled',
        version: etag,
        metadata: { dept: 'sales' },
      },
      { photo: 's3://other/bob.jpg', status: 'enrolled' },
      { photo: 's3://archive/staff/gone.jpg', status: 'failed', error: { kind: 'photo' } },
      { subjectId: 'dora', status: 'failed', error: { kind: 'manifest' } },
      { subjectId: 'eve', status: 'failed', error: { kind: 'manifest' } },
    ]);
  });

  it('are listed on behind the last one when the process was killed in the middle of the listing', async () => {
    proxy.answer(({ query }) => query.has('continuation-token'), slowDown);
    const args = ['run', 's3://archive/many/', '--run-id', 'many', '--stop-after-failures', '100000'];
    const command = scene.start(args);
    const lines = async () =>
      (await scene.text('many', 'manifest.jsonl').catch(() => '')).split('\n').length - 1;
    await until(async () => (await lines()) === 1000, { what: 'a page in the manifest' });
    command.signal('SIGKILL');
    await command.ended;
    proxy.reset();
    const end = await scene.run(args);
    expect(end.exitCode).toBe(1);
    const report = await scene.report('many');
    expect(report.map(({ photo }) => photo)).toEqual(
      Array.from({ length: manyCount }, (_, index) => `s3://archive/many/${index}/same.jpg`).sort(),
    );
    // All give one subject id: the first is enrolled, the others collide.
    expect(report.filter(({ status }) => status === 'enrolled')).toHaveLength(1);
    const listings = proxy.requests.filter(
      ({ kind, query }) => kind === 'list' && query.get('max-keys') !== '1',
    );
    expect(listings.map(({ query }) => query.get('start-after'))).toEqual([
      report[999]?.photo?.replace('s3://archive/', ''),
    ]);
  });

  it('are listed by an inventory, in which a killed run goes on where it was', async () => {
    const rows = Array.from({ length: manyCount }, (_, index) => ({
      key: `many/${index}/same.jpg`,
      eTag: 'e',
    }));
    const files = [rows.slice(0, 300), rows.slice(300, 700), rows.slice(700)].map((part) =>
      inventoryCsv(
        part.map((row) => ({ ...row, bucket: 'archive' })),
        unversioned,
      ),
    );
    await server.put(
      'other',
      inventoryDelivery({ prefix: 'i/', files, change: { sourceBucket: 'archive' } }),
    );
    proxy.answer(({ kind, key }) => kind === 'get' && key === 'i/data/2.csv.gz', slowDown);
    const source = 's3://other/i/2026-11-28T01-00Z/manifest.json';
    const args = ['run', source, '--run-id', 'inventory', '--stop-after-failures', '100000'];
    const command = scene.start(args);
    const lines = async () =>
      (await scene.text('inventory', 'manifest.jsonl').catch(() => '')).split('\n').length - 1;
    await until(async () => (await lines()) === 700, { what: 'two files in the manifest' });
    command.signal('SIGKILL');
    await command.ended;
    proxy.reset();
    const end = await scene.start(args).ended;
    expect(end).toMatchObject({ exitCode: 1, stderr: expect.not.stringContaining('Warning') });
    const report = await scene.report('inventory');
    expect(report.map(({ photo }) => photo)).toEqual(rows.map(({ key }) => `s3://archive/${key}`));
    const keys = proxy.requests.map(({ key }) => key);
    expect(keys).toContain('i/data/2.csv.gz');
    expect(keys).not.toContain('i/data/0.csv.gz');
    expect(proxy.count('list')).toBe(0);
  });

  it('nothing is derived from an inventory that is not whole', async () => {
    const rows = [{ key: 'staff/ü.png', bucket: 'archive', eTag: 'e' }];
    const files = [inventoryCsv(rows), inventoryCsv([])];
    const source = 's3://other/broken/2026-11-28T01-00Z/manifest.json';
    await server.put(
      'other',
      inventoryDelivery({ prefix: 'broken/', files, change: { sourceBucket: 'archive' } }),
    );
    const dry = await scene.run(['run', source, '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 1 });
    await server.client.deleteObject({ Bucket: 'other', Key: 'broken/data/1.csv.gz' });
    const end = await scene.run(['run', source, '--incremental', '--run-id', 'broken']);
    expect(end).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('broken/data/1.csv.gz is not there, although the manifest names it'),
    });
    await expect(scene.text('broken', 'missing.jsonl')).rejects.toThrow();
    await expect(scene.text('broken', 'report.jsonl')).rejects.toThrow();
  });

  it('who is gone from one day of an inventory to the next is missing; an unfinished day is not the next one', async () => {
    const deliver = async (day: string, keys: readonly string[]) => {
      const files = [inventoryCsv(keys.map((key) => ({ key, bucket: 'archive', eTag: 'e' })))];
      const change = { sourceBucket: 'archive' };
      const parts = inventoryDelivery({ prefix: 'days/', files, change });
      await server.put(
        'other',
        parts.map(([key, body]) => [key.replace('2026-11-28T01-00Z', day), body]),
      );
      return `s3://other/days/${day}/manifest.json`;
    };
    const run = (source: string, id: string) =>
      scene.run(['run', source, '--incremental', ...(id === '' ? [] : ['--run-id', id])]);
    const first = await deliver('2026-11-27T01-00Z', ['many/1/same.jpg', 'staff/ü.png', 'staff/text.jpg']);
    expect(await run(first, 'friday')).toMatchObject({ exitCode: 1 });
    const record = await scene.record('friday');
    await scene.writeRecord({ ...record, id: 'friday', state: 'paused' });
    const second = await deliver('2026-11-28T01-00Z', ['many/1/same.jpg', 'staff/text.jpg']);
    const before = await scene.runIds();
    await run(second, '');
    const [saturday = ''] = (await scene.runIds()).filter((id) => !before.includes(id));
    const missing = await scene.text(saturday, 'missing.jsonl');
    expect(
      missing
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    ).toEqual([expect.objectContaining({ subjectId: 'ü', photo: 's3://archive/staff/ü.png' })]);

    // By its folder: the night that is unfinished goes on, a new one takes the newest day, a schedule each night's own.
    const folder = 's3://other/days/';
    expect(await run(folder, '')).toMatchObject({ stderr: expect.stringContaining('friday') });
    expect(await scene.record('friday')).toMatchObject({ source: first, state: 'finished' });
    await run(folder, 'newest');
    expect(await scene.record('newest')).toMatchObject({ source: second });
    const cron = ['--cron', '0 2 * * *', '--source', folder];
    expect(await scene.run(['schedule', 'add', 'nightly', ...cron])).toMatchObject({ exitCode: 0 });
    const { stdout } = await scene.run(['schedule', 'list', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ name: 'nightly', source: folder });
  });

  it('an inventory that is delivered no more is said before, at the start and by the end of a run', async () => {
    const rows = [{ key: 'many/1/same.jpg', bucket: 'archive', eTag: 'e' }];
    const parts = inventoryDelivery({
      prefix: 'over/',
      files: [inventoryCsv(rows)],
      change: { sourceBucket: 'archive' },
    });
    for (const day of ['2025-01-01T01-00Z', '2025-01-02T01-00Z'])
      await server.put(
        'other',
        parts.map(([key, body]) => [key.replace('2026-11-28T01-00Z', day), body]),
      );
    const folder = 's3://other/over/';
    const said = expect.stringContaining('The newest delivery of the inventory is of 2025-01-02T01:00Z: ');
    expect(await scene.run(['doctor', folder])).toMatchObject({ stdout: said });
    expect(await scene.run(['run', folder, '--dry-run'])).toMatchObject({ stdout: said });
    const end = await scene.run(['run', folder, '--run-id', 'over', '--json']);
    expect(end).toMatchObject({ exitCode: 1, stderr: said });
    expect(JSON.parse(end.stdout)).toMatchObject({
      byStatus: { enrolled: 1 },
      warnings: { 'inventory-overdue': 1 },
    });
    // Who names the day means it.
    const named = ['run', `${folder}2025-01-02T01-00Z/manifest.json`, '--new', '--incremental', '--json'];
    expect(await scene.run(named)).toMatchObject({
      exitCode: 0,
      stderr: expect.not.stringContaining('newest'),
    });
  });

  it('an inventory is looked at by doctor, without a listing', async () => {
    const rows = ['E-1/a', 'E-1/b', 'E-2/a', 'E-2/b'].map((name) => ({
      key: `${name}.jpg`,
      bucket: 'archive',
    }));
    const files = [inventoryCsv(rows)];
    const change = { sourceBucket: 'archive' };
    await server.put('other', inventoryDelivery({ prefix: 'looked/', files, change }));
    const source = 's3://other/looked/2026-11-28T01-00Z/manifest.json';
    proxy.reset();
    const bad = await scene.run(['doctor', source]);
    expect(bad).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('{id}/{photo}.{ext}') });
    const good = await scene.run(['run', source, '--dry-run', '--json', '--id-from', '{id}/{photo}.{ext}']);
    expect(JSON.parse(good.stdout)).toMatchObject({ photos: 4, subjects: 2 });
    expect(proxy.count('list')).toBe(0);
  });

  it('can be counted before, and looked at by doctor, which says what is wrong with a bucket', async () => {
    const dry = await scene.run(['run', 's3://archive/staff/', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 5, calls: 5 });
    const missing = await scene.run(['doctor', 's3://missing/']);
    expect(missing.stdout).toMatch(/fix {3}source {3}s3:\/\/missing\/ cannot be listed .*no such bucket/u);
    proxy.answer(() => true, { status: 403, code: 'AccessDenied' });
    const denied = await scene.run(['run', 's3://archive/staff/', '--run-id', 'denied']);
    expect(denied).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('s3:ListBucket') });
    expect(await scene.runIds()).not.toContain('denied');
  });
});
