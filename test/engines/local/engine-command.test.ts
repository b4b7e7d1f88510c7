import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { availableParallelism } from 'node:os';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCommandLine } from '../../helpers/command-line.ts';
import { facelessPhoto, facePhoto, groupPhoto, tinyFacePhoto } from '../../helpers/face-photos.ts';
import {
  readOotoEnrollDocument,
  readOotoIdentifyDocument,
  readVerihubsEnrollDocument,
} from '../../helpers/seed-documents.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../helpers/temporary-folder.ts';
import { until } from '../../helpers/until.ts';
import { type Answer, type EngineProcess, postForm, sendJson, startEngine } from './engine-process.ts';

const page = readOotoEnrollDocument();
const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

describe('rollcall engine', () => {
  let folder: TemporaryFolder;
  let engine: EngineProcess;
  let me: Buffer;
  let other: Buffer;
  const ooto = (path: string) => `${engine.url}${page.basePath}${path}`;

  beforeAll(async () => {
    folder = await makeTemporaryFolder();
    engine = await startEngine(folder.path);
    [me, other] = await Promise.all([facePhoto(0), facePhoto(5)]);
  });
  afterAll(async () => {
    engine.command.signal('SIGTERM');
    expect((await engine.command.ended).exitCode).toBe(143);
    await folder.remove();
  });

  test('answers what is really in the photo, in the words of the page', async () => {
    const photo = { bytes: me };
    const cases: readonly [number, () => Promise<Answer>][] = [
      [1, () => postForm(ooto('/add'), { templateId: 'x' })],
      [1, () => sendJson(ooto('/add'), {})],
      [2, () => postForm(ooto('/add'), { photo: { bytes: me, type: 'image/gif' } })],
      [3, () => postForm(ooto('/add'), { photo: { bytes: Buffer.alloc(0) } })],
      [4, () => postForm(ooto('/add'), { photo: { bytes: me.subarray(0, 2_000) } })],
      [4, async () => postForm(ooto('/identify'), { photo: { bytes: await sharp(me).webp().toBuffer() } })],
      [5, async () => postForm(ooto('/add'), { photo: { bytes: await facelessPhoto() } })],
      [6, async () => postForm(ooto('/add'), { photo: { bytes: await groupPhoto(1) } })],
      [9, async () => postForm(ooto('/add'), { photo: { bytes: await tinyFacePhoto() } })],
      [1, () => postForm(ooto('/verify'), { first_photo: photo })],
    ];
    for (const [code, call] of cases) {
      const { status, body } = await call();
      const result = { ...page.error.result, code, info: page.codes.get(code) };
      expect({ status, body }).toEqual({
        status: 400,
        body: { transactionId: expect.stringMatching(uuid), result },
      });
    }
    expect(new Set(cases.map(([code]) => code))).toEqual(new Set(page.codes.keys()));
  });

  test('enrolls, identifies, compares and deletes, an app id’s templates apart', async () => {
    const query = `?${page.queryParameters.map((name) => `${name}=true`).join('&')}`;
    const [named, unnamed] = await Promise.all([
      postForm(ooto(`/add${query}`), { photo: { bytes: me }, templateId: 'me' }),
      postForm(ooto('/add'), { photo: { bytes: other } }),
    ]);
    expect(named).toMatchObject({ status: 200, result: { templateId: 'me' } });
    expect(unnamed.result.templateId).toMatch(uuid);
    const shape = page.success.result.face as Record<string, object>;
    const { liveness, deepfake, quality, box, landmarks } = named.result.face as Record<string, object>;
    expect({ liveness, deepfake }).toEqual({
      liveness: { score: null, fine: null },
      deepfake: { score: null, fine: null },
    });
    expect(Object.keys(box ?? {})).toEqual(Object.keys(shape.box ?? {}));
    expect(landmarks).toHaveLength(5);
    for (const key of Object.keys(quality ?? {})) expect(shape.quality).toHaveProperty(key);
    for (const word of ['age', 'gender', 'race']) expect(quality).not.toHaveProperty(word);
    expect(unnamed.result.face).not.toHaveProperty('liveness');

    const smaller = await sharp(me).resize(300).jpeg({ quality: 70 }).toBuffer();
    const [found, elsewhere, same, different] = await Promise.all([
      postForm(ooto('/identify'), { photo: { bytes: smaller } }),
      postForm(ooto('/identify'), { photo: { bytes: me } }, { 'APP-ID': 'another', 'APP-KEY': 'x' }),
      postForm(ooto('/verify'), { first_photo: { bytes: me }, second_photo: { bytes: smaller } }),
      postForm(ooto('/verify'), { first_selfie: { bytes: me }, second_selfie: { bytes: other } }),
    ]);
    expect(Object.keys(found.result)).toEqual(Object.keys(readOotoIdentifyDocument().success.result));
    expect(found.result.templateId).toBe('me');
    expect(found.result.similarity).toBeGreaterThan(0.75);
    expect(found.result.similarity).toBeCloseTo(Number(same.result.similarity), 5);
    expect(Object.keys(elsewhere.result)).toEqual(['face']);
    expect(different.result.similarity).toBeLessThan(0.75);

    const gone = { templateId: 'me' };
    expect(Object.keys((await sendJson(ooto('/delete'), gone)).body)).toEqual(['transactionId']);
    expect(await sendJson(ooto('/delete'), gone)).toMatchObject({
      status: 400,
      result: { code: 400, info: 'Template not found' },
    });
    expect(await postForm(ooto('/add'), {}, { 'APP-ID': 'me' })).toMatchObject({ status: 401 });
  });

  test('speaks Verihubs’ language, too', async () => {
    const { codes } = readVerihubsEnrollDocument();
    const words = (code: string) => codes.get(code)?.description;
    const headers = { 'App-ID': 'me', 'API-Key': 'any' };
    const enroll = `${engine.url}/v1/face/enroll`;
    const image = me.toString('base64');
    const group = (await groupPhoto(3)).toString('base64');
    const cases: readonly [string, unknown][] = [
      ['INVALID_PAYLOAD', {}],
      ['INVALID_PAYLOAD', { image: '', subject_id: '' }],
      ['MISSING_PAYLOAD_IMAGE', { subject_id: 'a' }],
      ['INVALID_PAYLOAD_IMAGE_MISSING', { image: '' }],
      ['INVALID_PAYLOAD_IMAGE_MISSING', { image: 'no base64!' }],
      ['INVALID_PAYLOAD_SUBJECT_ID_MISSING', { image, subject_id: '' }],
      ['INVALID_PAYLOAD_IMAGE_SIZE', { image: 'A'.repeat(7_000_000) }],
      ['INVALID_PAYLOAD_IMAGE_FORMAT', { image: Buffer.from('no image at all!').toString('base64') }],
      ['INVALID_PAYLOAD_IMAGE_FORMAT', { image: 'https://127.0.0.1:9/a.jpg' }],
      ['INVALID_PAYLOAD_IMAGE_FORMAT', { image: 'http://example.com/a.jpg' }],
      ['FACE_NOT_DETECTED', { image: (await facelessPhoto()).toString('base64') }],
      ['INVALID_PAYLOAD_QUALITY_VALIDATION_DEPENDENCY', { image, is_quality: false, validate_quality: true }],
      [
        'INVALID_PAYLOAD_ATTRIBUTE_VALIDATION_DEPENDENCY',
        { image, is_attribute: false, validate_attribute: true },
      ],
      ['INVALID_PAYLOAD_LIVENESS_VALIDATION_DEPENDENCY', { image, validate_liveness: true }],
    ];
    for (const [code, payload] of cases) {
      const { status, body } = await sendJson(enroll, payload, { headers });
      expect({ status, body }).toEqual({ status: 400, body: { message: words(code), error_code: code } });
    }
    const several = await sendJson(
      enroll,
      { image: group, subject_id: 'g', validate_nface: true },
      { headers },
    );
    expect(several).toMatchObject({
      status: 200,
      body: { error_code: 'FAIL_ON_8', message: words('FAIL_ON_8'), nface: 3 },
    });
    const stored = await sendJson(
      enroll,
      { image, subject_id: 'a', is_liveness: true, validate_liveness: true },
      { headers },
    );
    expect(stored).toMatchObject({
      status: 200,
      body: {
        message: 'Request Success',
        subject_id: 'a',
        nface: 1,
        attributes: null,
        liveness: { score: null },
      },
    });
    expect(stored.body).not.toHaveProperty('error_code');
    const ask = (endpoint: string, payload: unknown) =>
      sendJson(`${engine.url}/v1/face/${endpoint}`, payload, { headers });
    const smaller = (await sharp(me).resize(300).jpeg({ quality: 70 }).toBuffer()).toString('base64');
    const stranger = other.toString('base64');
    expect(
      await ask('search', { image: smaller, limit: 1, threshold: 82, return_image: false }),
    ).toMatchObject({
      status: 200,
      body: { matches: [{ subject_id: 'a', similarity: expect.any(Number) }] },
    });
    expect(await ask('search', { image: stranger })).toMatchObject({ status: 200, body: { matches: [] } });
    expect(await ask('verify', { image: smaller, subject_id: 'a' })).toMatchObject({
      status: 200,
      body: { similarity_status: true },
    });
    expect(await ask('verify', { image: stranger, subject_id: 'a' })).toMatchObject({
      status: 200,
      body: { similarity_status: false },
    });
    for (const [endpoint, payload, code] of [
      ['verify', { image, subject_id: 'nobody' }, 'INVALID_PAYLOAD_SUBJECT_ID'],
      ['verify', { image }, 'MISSING_PAYLOAD_SUBJECT_ID'],
      ['search', { image, limit: 11 }, 'INVALID_PAYLOAD_LIMIT'],
      ['search', { image, threshold: 101 }, 'INVALID_PAYLOAD_THRESHOLD'],
      ['search', { limit: 1 }, 'MISSING_PAYLOAD_IMAGE'],
    ] as const)
      expect(await ask(endpoint, payload)).toMatchObject({ status: 400, body: { error_code: code } });
    const remove = (subject_id: string) => sendJson(enroll, { subject_id }, { method: 'DELETE', headers });
    expect(await remove('a')).toMatchObject({
      status: 200,
      body: { message: 'Subject id a successfully deleted' },
    });
    for (const subject of ['a', 'g']) {
      expect(await remove(subject)).toMatchObject({
        status: 400,
        body: { error_code: 'INVALID_PAYLOAD_SUBJECT_ID' },
      });
    }
  });

  test('is 503 with Retry-After when all places are taken, and has places again', async () => {
    const { hostname, port } = new URL(engine.url);
    const sockets: Socket[] = [];
    const head = `POST ${page.basePath}/delete HTTP/1.1\r\nHost: x\r\nAPP-ID: me\r\nAPP-KEY: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n`;
    for (let place = 0; place < availableParallelism() * 32; place += 1) {
      const socket = connect(Number(port), hostname);
      socket.on('error', () => {});
      await once(socket, 'connect');
      socket.write(head);
      sockets.push(socket);
    }
    const ask = () => sendJson(ooto('/delete'), { templateId: 'nobody' });
    let busy = await ask();
    await until(async () => {
      busy = await ask();
      return busy.status === 503;
    });
    expect(busy.headers.get('retry-after')).toBe('1');
    expect(busy.body).toMatchObject({
      transactionId: expect.any(String),
      result: { status: 'error', code: 503 },
    });
    expect((await fetch(`${engine.url}/health`)).status).toBe(200);
    for (const socket of sockets) socket.destroy();
    await until(async () => (await ask()).status === 400);
  });

  test('what was answered 200 is there after kill -9, and a folder has one server', async () => {
    const photos = await Promise.all([5, 10, 15].map(facePhoto));
    const answered: number[] = [];
    const calls = photos.map((bytes, index) =>
      postForm(
        ooto('/add'),
        { photo: { bytes }, templateId: `person-${index}` },
        { 'APP-ID': 'killed', 'APP-KEY': 'x' },
      )
        .then(({ status }) => status === 200 && answered.push(index))
        .catch(() => {}),
    );
    await until(() => answered.length >= 2);
    engine.command.signal('SIGKILL');
    await Promise.all([...calls, engine.command.ended]);
    engine = await startEngine(folder.path);
    for (const index of answered) {
      const { result } = await postForm(
        ooto('/identify'),
        { photo: { bytes: photos[index] ?? me } },
        { 'APP-ID': 'killed', 'APP-KEY': 'x' },
      );
      expect(result).toMatchObject({ templateId: `person-${index}`, similarity: 1 });
    }
    const commandLine = await openCommandLine();
    const second = await commandLine.run(['engine', '--port', '0'], { folder: folder.path });
    expect(second.exitCode).toBe(2);
    expect(second.stderr).toContain(`served by process ${engine.command.pid} at ${engine.url}`);
  });
});
