import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { listUploads } from '../../src/records/inbox/upload.ts';
import { markRun } from '../../src/records/run-marks.ts';
import { readRunRecord, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { removeRuns } from '../../src/runs/prune.ts';
import { createMemoryAccountStore } from '../account/memory-account-store.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { writeOverRun } from '../runs/review-scene.ts';
import { settingsOf } from '../runs/run-settings.ts';
import { readDescription } from './described-answers.ts';
import { openApp, ownHost, token } from './open-app.ts';
import { headers, openDoor } from './open-door.ts';
import { openPartLines } from './open-lines.ts';

const subject = {
  source: { address: '/archive', sameSubject: 'collision' as const, rootFolder: '/archive' },
  ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'account' },
};

/** A server with an inbox, a run that is over (`over`: two dead letters), one with lines (`now`), and a new one (`new`). */
async function openWorld() {
  const world = await openDoor();
  const { app, rollcall, queue, folder } = world;
  Object.assign(queue, { accounts: createMemoryAccountStore(() => Date.now()) });
  const { settings, state } = rollcall;
  const over = { ...newRecord({ id: 'over', settings, subject }), state: 'finished' as const };
  await writeOverRun(state, over, [{}, {}, { status: 'enrolled' }]);
  await openPartLines(world, { id: 'now' }, [{ seq: 1, subjectId: 'anna', status: 'enrolled' }]);
  const priced = { price: '0.002', budget: '150' };
  await writeFirstRunRecord(state, newRecord({ id: 'new', settings: await settingsOf(priced), subject }));
  const expectDescribed = await readDescription(app);

  /** The answer, which is as it is described, and names nothing that a client has no business with. */
  async function ask(request: string, more: Record<string, string> = {}, payload?: unknown) {
    const [method = '', url = ''] = request.split(' ');
    const reply = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...headers, ...more },
      ...(payload !== undefined && { payload: payload as string }),
    });
    expectDescribed(method, url, reply);
    expect(reply.body).not.toContain(token);
    expect(reply.body).not.toContain(folder);
    return reply;
  }
  /** What is written in the state, but for what the server has of its own. */
  const files = async () => {
    const names = await readdir(rollcall.settings.state, { recursive: true, withFileTypes: true });
    const found = names
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    return Promise.all(found.sort().map(async (path) => [path, await readFile(path, 'utf8')]));
  };
  return { ...world, state, over, ask, files };
}

const json = { 'content-type': 'application/json' };
const form = { 'content-type': 'multipart/form-data; boundary=xyz' };
const part = (name: string, value: string | Buffer, more = '') =>
  Buffer.concat([
    Buffer.from(`--xyz\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`),
    Buffer.from(value),
    Buffer.from('\r\n'),
  ]);
const end = Buffer.from('--xyz--\r\n');
let picture: Buffer;
beforeAll(async () => {
  picture = await makePhoto();
});
const file = (name: string) => part(name, picture, '; filename="../../x.jpg"');
const formOf = (...parts: Buffer[]) => Buffer.concat([...parts, end]);

const photos = 'POST /api/v1/inboxes/door/photos';
const uploads = 'POST /api/v1/runs/over/uploads';
const decisions = 'POST /api/v1/runs/over/decisions';
const change = 'PATCH /api/v1/runs/new';
const decide = (one: string, more = '') =>
  `{"reviewer":"ann","decisions":[{"seq":1,"action":"retry"${one}}]${more}}`;
const inJson = (more: string) => `{"subjectId":"a","photo":"s3://faces/a.jpg"${more}}`;

describe('a request that is not as it has to be changes nothing, and is told what is wrong', () => {
  it.each<[string, string, Record<string, string>, () => string | Buffer | undefined, number, string]>([
    // Forms.
    [
      'cut off in its file',
      photos,
      form,
      () => Buffer.concat([part('subjectId', 'a'), file('picture').subarray(0, 200)]),
      400,
      'bad-form',
    ],
    ['cut off before its end', uploads, form, () => file('photo'), 400, 'bad-form'],
    ['without its boundary', photos, { 'content-type': 'multipart/form-data' }, () => end, 400, 'bad-form'],
    ['with another boundary', uploads, form, () => Buffer.from('--abc--'), 400, 'bad-form'],
    ['of nothing', uploads, form, () => Buffer.alloc(0), 400, 'is missing'],
    [
      'with two files',
      photos,
      form,
      () => formOf(part('subjectId', 'a'), file('picture'), file('picture')),
      400,
      'send one file',
    ],
    ['with two files', uploads, form, () => formOf(file('photo'), file('photo')), 400, 'send one file'],
    [
      'with a field twice',
      photos,
      form,
      () => formOf(part('subjectId', 'a'), part('subjectId', 'b'), file('picture')),
      400,
      'comes twice',
    ],
    [
      'with a field that it has not',
      uploads,
      form,
      () => formOf(part('x', 'y'), file('photo')),
      400,
      'fields',
    ],
    [
      'with the same behind its file',
      uploads,
      form,
      () => formOf(file('photo'), part('x', 'y')),
      400,
      'fields',
    ],
    ['with a text in place of its file', uploads, form, () => formOf(part('photo', 'x')), 400, 'bad-request'],
    [
      'with a file of another name',
      photos,
      form,
      () => formOf(part('subjectId', 'a'), file('photo')),
      400,
      'the file \\"picture\\"',
    ],
    [
      'with the field __proto__',
      photos,
      form,
      () => formOf(part('__proto__', 'x'), file('picture')),
      400,
      'fields',
    ],
    [
      'with a field that is long',
      photos,
      form,
      () => formOf(part('version', 'x'.repeat(70_000)), file('picture')),
      400,
      'longer than',
    ],
    [
      'with metadata twice',
      photos,
      form,
      () => formOf(part('subjectId', 'a'), part('metadata', '{"a":"1","a":"2"}'), file('picture')),
      400,
      'twice',
    ],
    [
      'with metadata that are no JSON',
      photos,
      form,
      () => formOf(part('subjectId', 'a'), part('metadata', '{'), file('picture')),
      400,
      'no JSON',
    ],
    [
      'with an id that is no UTF-8',
      photos,
      form,
      () => formOf(part('subjectId', Buffer.from([0x61, 0xff])), file('picture')),
      400,
      'UTF-8',
    ],
    [
      'of another kind',
      uploads,
      { 'content-type': 'multipart/mixed; boundary=xyz' },
      () => end,
      415,
      'Send multipart/form-data.',
    ],
    [
      'that says that it is huge',
      photos,
      { ...form, 'content-length': '999999999999' },
      () => '',
      413,
      'bytes at most',
    ],
    [
      'that says that it is huge',
      uploads,
      { ...form, 'content-length': '999999999999' },
      () => '',
      413,
      'bytes at most',
    ],
    // JSON.
    ['with a name twice', photos, json, () => inJson(',"subjectId":"b"'), 400, 'subjectId\\" twice'],
    ['with a name twice', change, json, () => '{"rate":1,"r\\u0061te":2}', 400, 'rate\\" twice'],
    ['with __proto__', photos, json, () => inJson(',"metadata":{"__proto__":"x"}'), 400, '__proto__'],
    [
      'with __proto__, written otherwise',
      change,
      json,
      () => '{"rate":1,"\\u005f_proto__":{}}',
      400,
      '__proto__',
    ],
    ['with a NUL in an id', photos, json, () => inJson(',"version":"\\u0000"'), 400, 'NUL'],
    [
      'with half of a character',
      photos,
      json,
      () => inJson(',"templateId":"\\ud83d"'),
      400,
      'half of a character',
    ],
    [
      'with half of one behind a backslash',
      decisions,
      json,
      () => decide(',"reason":"\\\\\\udc00"'),
      400,
      'half of a character',
    ],
    [
      'that is no UTF-8',
      photos,
      json,
      () => Buffer.from(inJson(',"version":"\xff"'), 'latin1'),
      400,
      'UTF-8',
    ],
    ['in UTF-16', photos, json, () => Buffer.from(inJson(''), 'utf16le'), 400, 'no JSON'],
    ['that breaks off', change, json, () => '{"rate":', 400, 'no JSON'],
    ['that is null', photos, json, () => 'null', 400, 'no photo in it'],
    ['that is too large', photos, json, () => `[${' '.repeat(8 * 1024 * 1024)}]`, 413, '8388608'],
    ['that is too large', change, json, () => `{"rate":1${' '.repeat(1024 * 1024)}}`, 413, '1048576'],
    ['of nothing', change, json, () => undefined, 400, 'bad-request'],
    ['as text', change, { 'content-type': 'text/plain' }, () => '{"rate":1}', 415, 'Send application/json.'],
    [
      'as another JSON',
      photos,
      { 'content-type': 'application/merge-patch+json' },
      () => inJson(''),
      415,
      'application/json or multipart/form-data',
    ],
    ['packed', photos, { ...json, 'content-encoding': 'gzip' }, () => inJson(''), 415, 'Content-Encoding'],
    // Fields, values.
    ['a field that there is not', decisions, json, () => decide(',"resaon":"x"'), 400, 'resaon'],
    ['a field that there is not, above', decisions, json, () => decide('', ',"revewer":"x"'), 400, 'revewer'],
    ['a field that there is not', 'POST /api/v1/runs/over/retry', json, () => '{"wich":"all"}', 400, 'wich'],
    [
      'a photo twice',
      decisions,
      json,
      () => '{"reviewer":"a","decisions":[{"seq":1,"action":"retry"},{"seq":1,"action":"hand-on"}]}',
      422,
      'photo 1 is decided twice',
    ],
    ['a rate that no number can be', change, json, () => '{"rate":1e400}', 400, '/rate'],
    [
      'a count beyond counting',
      decisions,
      json,
      () => '{"reviewer":"a","decisions":[{"seq":1e20,"action":"retry"}]}',
      400,
      '/decisions/0/seq',
    ],
    // Headers, methods.
    ['a condition', change, { ...json, 'if-match': '"1"' }, () => '{"rate":1}', 412, 'If-Match'],
    [
      'another condition',
      change,
      { ...json, 'if-unmodified-since': 'Sat, 29 Oct 1994 19:43:31 GMT' },
      () => '{"rate":1}',
      412,
      'If-Unmodified-Since',
    ],
    ['a method that it has not', 'PUT /api/v1/runs/new', json, () => '{"rate":1}', 405, 'GET, PATCH alone'],
    ['a method that it has not', 'GET /api/v1/runs/new/pause', {}, () => undefined, 405, 'POST alone'],
    ['a method that it has not', 'OPTIONS /api/v1/runs', {}, () => undefined, 405, 'GET, POST alone'],
    ['a method of what is not there', 'DELETE /api/v1/nothing', {}, () => undefined, 404, 'no-address'],
    // Addresses.
    [
      'a query that there is not',
      'GET /api/v1/runs/now/lines?stauts=failed',
      {},
      () => undefined,
      400,
      'stauts',
    ],
    ['a query where there is none', 'POST /api/v1/runs/new/pause?force=1', {}, () => undefined, 400, 'force'],
    ['a query twice', 'GET /api/v1/runs?limit=1&limit=2', {}, () => undefined, 400, '/limit'],
    ['a cursor that is none', 'GET /api/v1/runs?cursor=gone', {}, () => undefined, 400, 'begin again'],
    ['a cursor below nothing', 'GET /api/v1/runs/now/lines?cursor=-1', {}, () => undefined, 400, '/cursor'],
    [
      'a cursor beyond all',
      'GET /api/v1/runs/now/lines?cursor=Infinity',
      {},
      () => undefined,
      400,
      '/cursor',
    ],
    [
      'the id of a run that none can have',
      `GET /api/v1/runs/${'x'.repeat(300)}`,
      {},
      () => undefined,
      400,
      '/id',
    ],
    ['the same', `POST /api/v1/runs/${'x'.repeat(65)}/decisions/apply`, {}, () => undefined, 400, '/id'],
    ['an id that is long', `GET /api/v1/runs/${'x'.repeat(600)}`, {}, () => undefined, 404, 'no-address'],
    ['an address that cannot be read', 'GET /api/v1/runs/%ff', {}, () => undefined, 400, 'bad-request'],
  ])('%s: %s', async (_, request, more, payload, status, says) => {
    const { ask, files } = await openWorld();
    const before = await files();
    const reply = await ask(request, more, payload());
    expect([reply.statusCode, reply.body]).toEqual([status, expect.stringContaining(says)]);
    expect(await files()).toEqual(before);
    if (status === 405) expect(reply.headers.allow).toMatch(/^[A-Z, ]+$/);
  });
});

describe('what is as it has to be', () => {
  it.each<[string, Record<string, string>, unknown, number]>([
    ...[
      '/runs',
      '/runs?limit=1&cursor=over',
      '/runs/now',
      '/runs/over',
      '/runs/now/lines?status=enrolled&limit=1',
    ]
      .concat('/runs/now/lines/1', '/accounts', '/schedules', '/inboxes', '/session', '/runs/over/decisions')
      .map((place): [string, Record<string, string>, unknown, number] => [
        `GET /api/v1${place}`,
        {},
        undefined,
        200,
      ]),
    ['HEAD /health', {}, undefined, 200],
    [photos, json, inJson(''), 202],
    [
      photos,
      json,
      `\ufeff[${inJson(',"metadata":{"constructor":"x","emoji":"\\ud83d\\ude00 \\\\ud800"}')}]`,
      202,
    ],
    [change, json, { rate: 5 }, 200],
    [change, { ...json, 'if-match': '*' }, { concurrency: 2 }, 200],
    ['POST /api/v1/runs/new/pause', json, undefined, 202],
    ['POST /api/v1/runs/new/pause', {}, undefined, 202],
    [decisions, json, decide(''), 201],
    [`${decisions}?answer=sent`, json, decide(''), 201],
  ])('%s is answered as it is described', async (request, more, payload, status) => {
    const { ask } = await openWorld();
    const reply = await ask(request, more, payload);
    expect([reply.statusCode, reply.body]).toEqual([status, expect.any(String)]);
  });

  it('a form may have its file first, and metadata that say that they are JSON', async () => {
    const { ask } = await openWorld();
    const metadata = part('metadata', '{"team":"red"}\r\n', '\r\nContent-Type: application/json');
    const reply = await ask(photos, form, formOf(file('picture'), part('subjectId', 'a'), metadata));
    expect([reply.statusCode, reply.json()]).toMatchObject([202, { seq: 1 }]);
  });

  it('both of two changes at once hold', async () => {
    const { ask } = await openWorld();
    await Promise.all([ask(change, json, { rate: 3 }), ask(change, json, { concurrency: 7 })]);
    expect((await ask('GET /api/v1/runs/new')).json().changeable).toMatchObject({ rate: 3, concurrency: 7 });
  });
});

it('a fault of the state is told without its place on this machine', async () => {
  const { ask, rollcall } = await openWorld();
  const path = join(rollcall.settings.state, 'runs', 'now');
  await writeFiles(path, { 'run.json': 'damaged' });
  const reply = await ask('GET /api/v1/runs/now');
  expect(reply.statusCode).toBe(503);
  expect(reply.json().detail).toBe(
    '…/runs/now/run.json is damaged: restore it from a backup, or remove its folder.',
  );
});

describe('a run that prune removes just then', () => {
  it.each<[string, Record<string, string>, () => string | Buffer]>([
    [decisions, json, () => decide('')],
    [uploads, form, () => formOf(file('photo'))],
  ])('keeps nothing that comes too late: %s', async (request, more, payload) => {
    const { ask, state, over, rollcall } = await openWorld();
    const removed: Promise<unknown>[] = [];
    const { write, openAppender } = state;
    // Removed after it was found, before anything is written.
    const remove = async () => {
      if (removed.length === 0) removed.push(removeRuns(rollcall.state, [over]));
      await Promise.all(removed);
    };
    Object.assign(state, {
      write: async (...given: Parameters<typeof write>) => {
        if (/uploads|decisions/.test(given[0])) await remove();
        return write(...given);
      },
      openAppender: async (...given: Parameters<typeof openAppender>) => {
        await remove();
        return openAppender(...given);
      },
    });
    const reply = await ask(request, more, payload());
    expect([reply.statusCode, reply.json().code]).toEqual([422, 'run-pruned']);
    expect(await readdir(join(rollcall.settings.state, 'runs'))).not.toContain('over');
  });

  it('takes nothing more once it is marked', async () => {
    const { ask, state } = await openWorld();
    await markRun(state, 'over', 'pruned');
    expect((await ask(decisions, json, decide(''))).json().code).toBe('run-pruned');
    expect((await ask(uploads, form, formOf(file('photo')))).json().code).toBe('run-pruned');
    expect(await readRunRecord(state, 'over')).toBeDefined();
    expect(await listUploads(state, 'over')).toEqual([]);
  });
});

it('the page answers what it has, whatever is asked of it', async () => {
  const opened = await openApp();
  const pageFolder = join(opened.folder, 'page');
  await writeFiles(pageFolder, { 'index.html': '<html></html>', 'assets/a.js': '1' });
  await writeFiles(opened.folder, { secret: 'secret' });
  const { app } = await openApp({ pageFolder });
  for (const [url, status] of [
    ...([
      ['/', 200],
      ['/runs/x', 200],
      ['/assets/a.js', 200],
      ['/%00', 200],
    ] as const),
    ...([
      ['/assets/%00', 400],
      ['/assets/..%2f..%2fsecret', 403],
      [`/assets/${'x'.repeat(400)}`, 404],
    ] as const),
    ...([
      ['/x.js', 404],
      ['/%', 400],
    ] as const),
  ]) {
    const reply = await app.inject({ url, headers: { host: ownHost } });
    expect([url, reply.statusCode]).toEqual([url, status]);
    expect(reply.body).not.toMatch(/secret|page\b.*assets/);
  }
});
