import { once } from 'node:events';
import { readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makePhoto } from '../helpers/photos.ts';
import { withToken } from './open-app.ts';
import { doorUrl, headers, openDoor } from './open-door.ts';

const fieldOf = (name: string, value: string) =>
  `--xyz\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const formOf = (fields: Record<string, string>, picture: Buffer) =>
  Buffer.concat([
    Buffer.from(
      Object.entries(fields)
        .map(([name, value]) => fieldOf(name, value))
        .join(''),
    ),
    Buffer.from('--xyz\r\nContent-Disposition: form-data; name="picture"; filename="../../x.jpg"\r\n\r\n'),
    picture,
    Buffer.from('\r\n--xyz--\r\n'),
  ]);
const asForm = { 'content-type': 'multipart/form-data; boundary=xyz' };

describe('photos that are given to an inbox', () => {
  it('are taken in one by one or together, once for each key, and wait for their outcome', async () => {
    const { photo, post, get } = await openDoor();
    const one = await post({ subjectId: 'anna', photo }, { 'idempotency-key': 'k-1' });
    expect(one.statusCode).toBe(202);
    expect(one.json()).toEqual({ run: expect.any(String), seq: 1, repeated: false });
    const { run } = one.json();
    const both = [
      { subjectId: 'bert', photo, version: '1', metadata: { team: 'red' } },
      { subjectId: 'carla', photo: 's3://faces/carla.jpg' },
    ];
    expect((await post(both)).json()).toMatchObject([
      { run, seq: 2 },
      { run, seq: 3 },
    ]);
    const again = await post({ subjectId: 'anna', photo }, { 'idempotency-key': 'k-1' });
    expect([again.statusCode, again.json()]).toEqual([202, { run, seq: 1, repeated: true }]);
    const other = await post({ subjectId: 'otto', photo }, { 'idempotency-key': 'k-1' });
    expect([other.statusCode, other.json().code]).toEqual([422, 'key-reused']);
    expect((await get('')).json()).toEqual({
      inboxes: [{ name: 'door', open: true, run, waiting: 3, today: 3 }],
    });
    expect((await get('/door/photos/3')).json()).toEqual({ run, seq: 3, state: 'waiting', line: null });
    for (const place of ['/door/photos/4', '/door/photos/1?run=another', '/wall/photos/1'])
      expect((await get(place)).statusCode).toBe(404);
  });

  it('may come as pictures, which are kept for nobody else to read', async () => {
    const { post, pictures, rollcall } = await openDoor();
    const form = formOf({ subjectId: 'anna', metadata: '{"team":"red"}' }, await makePhoto());
    const taken = await post(form, asForm);
    expect([taken.statusCode, taken.json()]).toMatchObject([202, { seq: 1, repeated: false }]);
    expect((await post(form, asForm)).json()).toMatchObject({ seq: 1, repeated: true });
    const { run } = taken.json();
    const [name = '', ...others] = await pictures(run);
    expect(others).toEqual([]);
    const { mode } = await stat(join(rollcall.settings.state, 'runs', run, 'pictures', name));
    expect(mode & 0o777).toBe(0o600);
  });

  it.each<[string, object | string, Record<string, string>, number, string]>([
    ['no JSON', '{', { 'content-type': 'application/json' }, 400, ''],
    ['no photo', {}, {}, 400, 'subjectId'],
    ['a field that there is not', { subjectId: 'a', photo: '/a', engine: 'x' }, {}, 400, 'engine'],
    ['an empty list', [], {}, 400, ''],
    ['too many', Array.from({ length: 1_001 }, () => ({ subjectId: 'a', photo: '/a' })), {}, 400, '1000'],
    ['a subject that is none', { subjectId: ' ', photo: 's3://faces/a.jpg' }, {}, 400, 'subjectId'],
    ['text', 'photo', { 'content-type': 'text/plain' }, 415, ''],
    ['nothing', '', {}, 415, ''],
    ['a form without its picture', `${fieldOf('subjectId', 'a')}--xyz--\r\n`, asForm, 400, 'picture'],
    ['a form with a wrong field', formOf({ subjectId: 'a', engine: 'x' }, Buffer.from('x')), asForm, 400, ''],
    ['a picture that is none', formOf({ subjectId: 'a' }, Buffer.from('text')), asForm, 400, 'picture'],
  ])('are refused as %s', async (_, payload, more, status, says) => {
    const { post, get } = await openDoor();
    const reply = await post(payload, more);
    expect([reply.statusCode, reply.headers['content-type']]).toEqual([
      status,
      expect.stringContaining('application/problem+json'),
    ]);
    expect(reply.body).toContain(says);
    expect((await get('')).json().inboxes[0]).toMatchObject({ today: 0 });
  });

  it('are refused as too large, without being read', async () => {
    const { post } = await openDoor();
    const length = String(100 * 1024 * 1024);
    const reply = await post('', { 'content-type': 'application/json', 'content-length': length });
    expect(reply.statusCode).toBe(413);
  });

  it.each([
    ['beside the allowed folder', (folder: string) => join(folder, 'secret.jpg')],
    ['beside it, and not there', (folder: string) => join(folder, 'nothing.jpg')],
    ['behind a link in it', (folder: string) => join(folder, 'archive', 'link.jpg')],
    ['behind a link to nowhere', (folder: string) => join(folder, 'archive', 'dangling.jpg')],
    ['by dots', (folder: string) => `${folder}/archive/../secret.jpg`],
    ['by a relative path', () => 'archive/1.jpg'],
    ['in another bucket', () => 's3://others/a.jpg'],
    ['at an address without encryption', () => 'http://photos.example/a.jpg'],
    ['in another inbox', () => `inbox://run/${'0'.repeat(32)}`],
  ])('may not lie %s', async (_, place) => {
    const { folder, post } = await openDoor();
    await writeFile(join(folder, 'secret.jpg'), 'x');
    await symlink(join(folder, 'secret.jpg'), join(folder, 'archive', 'link.jpg'));
    await symlink(join(folder, 'nowhere.jpg'), join(folder, 'archive', 'dangling.jpg'));
    const reply = await post([{ subjectId: 'a', photo: place(folder) }]);
    expect([reply.statusCode, reply.json().code]).toEqual([403, 'photo-not-allowed']);
    expect(reply.body).not.toContain(folder);
  });

  it('may lie at an https address, where clients may name photos at all', async () => {
    const photo = 'https://photos.example/a.jpg';
    expect((await (await openDoor()).post({ subjectId: 'a', photo })).statusCode).toBe(202);
    const reply = await (await openDoor({ mayName: false })).post({ subjectId: 'a', photo });
    expect([reply.statusCode, reply.json().code]).toEqual([403, 'photo-not-allowed']);
  });

  it('may still have to come, in the allowed folder', async () => {
    const { folder, post } = await openDoor();
    const photo = join(folder, 'archive', 'later.jpg');
    expect((await post({ subjectId: 'a', photo })).statusCode).toBe(202);
  });

  it('are too many where too many wait: with the time after which to try again', async () => {
    const { photo, post } = await openDoor({ maxWaiting: 2 });
    const three = ['a', 'b', 'c'].map((subjectId) => ({ subjectId, photo, version: '1' }));
    expect((await post(three.slice(0, 2))).statusCode).toBe(202);
    const full = await post(three.slice(2));
    expect([full.statusCode, full.json().code]).toEqual([429, 'full']);
    expect(Number(full.headers['retry-after'])).toBeGreaterThanOrEqual(1);
    expect((await post(three.slice(0, 2))).json()).toMatchObject([{ repeated: true }, { repeated: true }]);
  });

  it('are not taken in while the queue is away, nor by an inbox that is closed or not there', async () => {
    const { door, photo, post, app } = await openDoor();
    door.isAway = true;
    const reply = await post({ subjectId: 'a', photo });
    expect([reply.statusCode, reply.json().code]).toEqual([503, 'away']);
    expect(reply.headers['retry-after']).toBe('1');
    expect(reply.body).not.toContain('secret');
    const payload = { subjectId: 'a', photo };
    const wall = await app.inject({ method: 'POST', url: doorUrl.replace('door', 'wall'), headers, payload });
    expect([wall.statusCode, wall.json().code]).toEqual([404, 'unknown']);
    const closed = await openDoor({ isOpen: false });
    expect((await closed.post({ subjectId: 'a', photo: closed.photo })).statusCode).toBe(409);
  });

  it.each([
    ['JSON', 'application/json', () => Buffer.from('[{"subjectId":"a","photo":"/')],
    [
      'a form',
      asForm['content-type'],
      () => formOf({ subjectId: 'a' }, Buffer.alloc(5_000, 1)).subarray(0, 3_000),
    ],
  ])('leave nothing where %s breaks off', async (_, type, body) => {
    const { app, folder, post } = await openDoor();
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const socket = connect(port, '127.0.0.1');
    onTestFinished(() => void socket.destroy());
    const head = [
      `POST ${doorUrl} HTTP/1.1`,
      `Host: 127.0.0.1:${port}`,
      `Authorization: ${withToken.authorization}`,
      `Content-Type: ${type}`,
      'Content-Length: 100000',
    ];
    const begun = once(app.server, 'request');
    socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body()]));
    const [request] = await begun;
    const broken = new Promise((resolve) => request.once('close', resolve));
    socket.destroy();
    await broken;
    const next = await post({ subjectId: 'b', photo: 's3://faces/b.jpg' });
    expect(next.json()).toMatchObject({ seq: 1 });
    const files = await readdir(folder, { recursive: true });
    expect(files.filter((name) => name.includes('pictures'))).toEqual([]);
  });
});
