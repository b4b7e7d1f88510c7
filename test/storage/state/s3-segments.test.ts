import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createS3Client } from '../../../src/storage/s3/s3-connection.ts';
import { createS3StateStore } from '../../../src/storage/state/s3/s3-state-store.ts';
import type { StateStore } from '../../../src/storage/state/state-store.ts';
import { FaultError, UsageError } from '../../../src/util/errors.ts';
import { type S3Proxy, slowDown, startS3Proxy } from '../../helpers/s3-proxy.ts';
import { type S3Server, startS3Server } from '../../helpers/s3-server.ts';

const bucket = 'state';
const address = { bucket, key: 'rollcall' };

describe('files that grow, on S3', () => {
  let server: S3Server;
  let proxy: S3Proxy;
  let proxied: Awaited<ReturnType<typeof createS3Client>>;
  let state: StateStore;
  let path: string;
  let number = 0;

  const open = () => createS3StateStore({ client: async () => server.client, address });
  const textOf = async (from = open()) => {
    let text = '';
    for await (const lines of from.readLines(path)) for (const line of lines) text += `${line.text}\n`;
    return text;
  };
  const keys = async (below = path) => {
    const found = await server.client.listObjectsV2({ Bucket: bucket, Prefix: `rollcall/${below}` });
    return (found.Contents ?? []).map(({ Key = '', Size }) => ({ key: Key, sizeInBytes: Size }));
  };
  const put = (key: string, body: string) =>
    server.client.putObject({ Bucket: bucket, Key: key, Body: body });
  const newest = async () => (await keys()).filter(({ sizeInBytes }) => sizeInBytes !== 0).at(-1)?.key ?? '';
  /** What a frozen appender's request would bring: the newest segment's next form, with lines that came too late. */
  const lateForm = async (extra: string) => {
    const key = await newest();
    const content = await (
      await server.client.getObject({ Bucket: bucket, Key: key })
    ).Body?.transformToString();
    const version = String(Number(key.slice(-6)) + 1).padStart(6, '0');
    return { key: `${key.slice(0, -6)}${version}`, body: `${content}${extra}` };
  };

  beforeAll(async () => {
    server = await startS3Server();
    await server.createBucket(bucket);
    proxy = await startS3Proxy(server.endpoint);
    proxied = await createS3Client({
      pathStyle: true,
      environment: { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint },
      maxAttempts: 2,
    });
  });
  afterAll(async () => {
    proxied.destroy();
    await proxy.close();
    await server.close();
  });
  beforeEach(() => {
    state = open();
    path = `runs/run-${number++}/manifest.jsonl`;
    proxy.reset();
  });

  it('a late write of an earlier session counts no more once the file was opened again', async () => {
    const first = await state.openAppender(path, { epoch: 1 });
    await first.append('one\n');
    const late = await lateForm('late\n');
    const second = await open().openAppender(path, { epoch: 2 });
    await put(late.key, late.body);
    expect(await textOf()).toBe('one\n');
    await second.append('two\n');
    expect(await textOf()).toBe('one\ntwo\n');
    expect(await open().size(path)).toBe(8);
    const third = await open().openAppender(path, { epoch: 3 });
    expect(third.sizeInBytes).toBe(8);
    await third.append('three\n');
    await put(late.key, late.body);
    expect(await textOf()).toBe('one\ntwo\nthree\n');
  });

  it('nor does one of a segment that begins where the later session does, before and after sealing', async () => {
    const first = await state.openAppender(path, { epoch: 1 });
    const full = `${'x'.repeat(300_000)}\n`;
    await first.append(full);
    const begun = (await newest()).replace(/\/\d{15}-/, `/${String(full.length).padStart(15, '0')}-`);
    const second = await open().openAppender(path, { epoch: 2 });
    await put(begun, 'late\n');
    expect((await textOf()) === full).toBe(true);
    await second.close();
    await open().seal(path, { epoch: 2 });
    await put(begun, 'late\n');
    expect((await textOf()) === full).toBe(true);
    expect(await open().size(path)).toBe(full.length);
  });

  it('an appender that wakes when a later conductor has opened the file is refused', async () => {
    await (await state.openAppender(path, { epoch: 2 })).append('two\n');
    await expect(open().openAppender(path, { epoch: 1 })).rejects.toBeInstanceOf(FaultError);
    await expect(open().seal(path, { epoch: 1 })).rejects.toBeInstanceOf(FaultError);
    expect(await textOf()).toBe('two\n');
  });

  it('two that open it at once without an epoch never write the same object', async () => {
    const appenders = await Promise.all([state.openAppender(path), open().openAppender(path)]);
    await Promise.all(appenders.map((appender, index) => appender.append(`${index}\n`)));
    expect(['0\n', '1\n']).toContain(await textOf());
  });

  it('small appends leave few objects, sealing one and its fence', async () => {
    const appender = await state.openAppender(path);
    let expected = '';
    for (let index = 0; index < 130; index += 1) {
      const line = `${index} ${'x'.repeat(4_000)}\n`;
      await appender.append(line);
      expected += line;
      expect((await keys()).length).toBeLessThanOrEqual(55);
    }
    await appender.close();
    expect((await keys()).length).toBe(2);
    await state.seal(path);
    expect(await keys()).toEqual([
      { key: `rollcall/${path}`, sizeInBytes: expected.length },
      { key: expect.stringContaining('.segments/'), sizeInBytes: 0 },
    ]);
    expect((await textOf()) === expected).toBe(true);
  });

  it('one that is sealed while it is read is read to its end', async () => {
    const appender = await state.openAppender(path);
    const lines = Array.from({ length: 8 }, (_, index) => `${index} ${'x'.repeat(300_000)}\n`);
    for (const line of lines) await appender.append(line);
    await appender.close();
    let text = '';
    for await (const batch of open().readLines(path)) {
      if (text === '') await state.seal(path);
      text += batch.map((line) => `${line.text}\n`).join('');
    }
    expect(text === lines.join('')).toBe(true);
  });

  it('a death between any two steps of sealing leaves nothing that is read wrongly', async () => {
    const appender = await state.openAppender(path, { epoch: 1 });
    for (let index = 0; index < 3; index += 1) await appender.append(`${index} ${'x'.repeat(300_000)}\n`);
    await appender.close();
    const expected = await textOf();
    const segments = await keys();
    const contents = new Map<string, string>();
    for (const { key } of segments) {
      const { Body } = await server.client.getObject({ Bucket: bucket, Key: key });
      contents.set(key, (await Body?.transformToString()) ?? '');
    }
    await state.seal(path, { epoch: 1 });
    for (const left of [segments.slice(1), segments.slice(0, 1), segments.slice(1, 2)]) {
      for (const { key } of left) await put(key, contents.get(key) ?? '');
      expect((await textOf()) === expected).toBe(true);
      await open().seal(path, { epoch: 2 });
      expect((await textOf()) === expected).toBe(true);
      expect((await keys()).filter(({ sizeInBytes }) => sizeInBytes !== 0).length).toBe(1);
    }
  });

  it('over 1,000 files are listed and removed, whether or not the store removes many at once', async () => {
    const folder = `runs/many-${number}`;
    const names = Array.from({ length: 2_300 }, (_, index) => `file-${String(index).padStart(4, '0')}`);
    await server.put(
      bucket,
      names.map((name) => [`rollcall/${folder}/${name}`, name] as const),
    );
    expect((await state.list(folder)).map(({ name }) => name)).toEqual(names);
    const through = createS3StateStore({ client: async () => proxied, address });
    await through.remove(folder);
    expect(proxy.count('delete-many')).toBe(3);
    expect(await state.list(folder)).toEqual([]);
    await server.put(
      bucket,
      names.slice(0, 30).map((name) => [`rollcall/${folder}/${name}`, name] as const),
    );
    proxy.answer(({ kind }) => kind === 'delete-many', { status: 400, code: 'InvalidRequest' });
    await through.remove(folder);
    expect(await state.list(folder)).toEqual([]);
  }, 240_000);

  it('a large file that was discarded leaves no upload behind', async () => {
    const through = createS3StateStore({ client: async () => proxied, address });
    const writer = await through.openWriter(path);
    await writer.write('x'.repeat(9 * 1024 * 1024));
    await writer.discard();
    expect([proxy.count('multipart-create'), proxy.count('multipart-abort')]).toEqual([1, 1]);
    expect(await keys()).toEqual([]);
  });

  it('a store that stays away is a fault that says so, and so is every later append', async () => {
    const through = createS3StateStore({ client: async () => proxied, address });
    const appender = await through.openAppender(path);
    await appender.append('one\n');
    proxy.answer(({ kind }) => kind === 'put', slowDown);
    const error = await appender.append('two\n').catch((thrown) => thrown);
    proxy.reset();
    expect(error).toBeInstanceOf(FaultError);
    expect(error.exitCode).toBe(4);
    expect(error.message).toContain('SlowDown');
    await expect(appender.append('three\n')).rejects.toBe(error);
    await appender.close();
    expect(await textOf()).toBe('one\n');
  });

  it('what the user must fix is said: a bucket that is not there, a right that is missing', async () => {
    const nowhere = createS3StateStore({
      client: async () => server.client,
      address: { bucket: 'nowhere', key: '' },
    });
    await expect(nowhere.list('runs')).rejects.toBeInstanceOf(UsageError);
    await expect(nowhere.write('run.json', '{}')).rejects.toThrow(/no such bucket/);
    proxy.answer(({ kind }) => kind === 'put', { status: 403, code: 'AccessDenied' });
    const through = createS3StateStore({ client: async () => proxied, address });
    await expect(through.write('run.json', '{}')).rejects.toThrow(/s3:PutObject/);
  });
});
