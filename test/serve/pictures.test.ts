import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { forgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { saveUpload } from '../../src/records/inbox/upload.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';
import { type RunRecord, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { makeImageBomb, makePhoto } from '../helpers/photos.ts';
import { makeQuarters, nameQuarters } from '../photos/quarters.ts';
import { type OpenApp, openApp, ownHost, withToken } from './open-app.ts';

const id = '20261122T010203Z-00000001';

/** A run over a folder, with a list of what the test wants shown. */
async function openRun(lines: (folder: string) => Partial<ManifestLine>[], more: Partial<RunRecord> = {}) {
  const opened = await openApp({ settings: { timeout: '2s' } });
  const { rollcall, folder } = opened;
  const archive = join(folder, 'archive');
  await mkdir(archive);
  const subject = {
    source: { address: archive, sameSubject: 'collision' as const, rootFolder: archive },
    ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'account' },
  };
  const record = { ...newRecord({ id, settings: rollcall.settings, subject }), ...more };
  await writeFirstRunRecord(rollcall.state, record);
  const list = lines(archive).map((line, index) => ({
    subjectId: `subject-${index + 1}`,
    ...line,
    seq: index + 1,
  }));
  await rollcall.state.write(
    `runs/${id}/manifest.jsonl`,
    list.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
  return { ...opened, archive };
}

const look = ({ app }: Pick<OpenApp, 'app'>, place: string, more: InjectOptions = {}) =>
  app.inject({ url: `/api/v1/runs/${place}`, headers: { host: ownHost, ...withToken }, ...more });

describe('the picture of a photo', () => {
  it.each([
    ['240', 240],
    ['960', 960],
    [undefined, 240],
  ])('is small (%s), upright, without metadata, and kept by nobody', async (size, side) => {
    const opened = await openRun((archive) => [{ photo: join(archive, 'a.jpg') }]);
    const large = await makeQuarters().toBuffer({ resolveWithObject: true });
    const raw = {
      raw: { width: large.info.width, height: large.info.height, channels: large.info.channels },
    };
    const photo = await sharp(large.data, raw)
      .resize(1920, 1280, { kernel: 'nearest' })
      .jpeg()
      .withMetadata({ orientation: 6 })
      .toBuffer();
    await writeFile(join(opened.archive, 'a.jpg'), photo);
    const reply = await look(opened, `${id}/lines/1/picture${size ? `?size=${size}` : ''}`);
    expect(reply.statusCode).toBe(200);
    expect(reply.headers).toMatchObject({ 'content-type': 'image/jpeg', 'cache-control': 'no-store' });
    const { width, height, exif, orientation } = await sharp(reply.rawPayload).metadata();
    expect({ width, height, exif, orientation }).toEqual({
      ...{ width: (side * 2) / 3, height: side, exif: undefined, orientation: undefined },
    });
    expect(await nameQuarters(reply.rawPayload)).toBe('gryb');
  });

  it('is that of the file which a reviewer gave, and of a file elsewhere with --allow-outside', async () => {
    const red = await sharp({ create: { width: 8, height: 8, channels: 3, background: '#ff0000' } })
      .png()
      .toBuffer();
    const opened = await openRun((archive) => [{ photo: join(archive, '../red.png') }], {});
    const { rollcall, folder } = opened;
    await writeFile(join(folder, 'red.png'), red);
    expect((await look(opened, `${id}/lines/1/picture`)).statusCode).toBe(404);
    const upload = await saveUpload(rollcall.state, id, red);
    const line = { seq: 1, subjectId: 's', photo: join(folder, 'gone.jpg'), decided: { upload } };
    await rollcall.state.write(`runs/${id}/manifest.jsonl`, `${JSON.stringify(line)}\n`);
    const reply = await look(opened, `${id}/lines/1/picture`);
    expect(reply.statusCode).toBe(200);
    expect(await nameQuarters(reply.rawPayload)).toBe('rrrr');
  });

  it('is refused in one and the same way, whatever is wrong', async () => {
    const names = [
      'text.jpg',
      'bomb.png',
      'empty.jpg',
      'huge.jpg',
      'link.jpg',
      'folder',
      'gone.jpg',
      'fine.jpg',
    ];
    const opened = await openRun((archive) => [
      ...names.map((name) => ({ photo: join(archive, name) })),
      { photo: join(archive, '../outside.jpg') },
      { photo: '/etc/passwd' },
      { photo: '/dev/zero' },
      { photo: 'https://127.0.0.1:9/x.jpg' },
      { photo: 'https://user:secret@[::1]/x.jpg' },
      { photo: 'http://example.invalid/x.jpg' },
      { photo: 'file:///etc/passwd' },
      { photo: join(archive, 'fine.jpg'), problem: 'the row is odd' },
      { photo: join(archive, 'fine.jpg'), subjectId: undefined },
      { photo: join(archive, 'fine.jpg'), decided: { upload: 'gone' } },
    ]);
    const { archive, folder, rollcall, log } = opened;
    await writeFile(join(archive, 'text.jpg'), 'no picture');
    await writeFile(join(archive, 'bomb.png'), await makeImageBomb());
    await writeFile(join(archive, 'empty.jpg'), '');
    await writeFile(join(archive, 'huge.jpg'), await makePhoto());
    await truncate(join(archive, 'huge.jpg'), 65 * 1024 * 1024);
    await writeFile(join(archive, 'fine.jpg'), await makePhoto());
    await writeFile(join(folder, 'outside.jpg'), await makePhoto());
    await symlink(join(folder, 'outside.jpg'), join(archive, 'link.jpg'));
    await mkdir(join(archive, 'folder'));
    const { statusCode } = await look(opened, `${id}/lines/8/picture`);
    expect(statusCode).toBe(200);
    const at = new Date().toISOString();
    const forgotten = { engine: 'ooto', subjects: ['subject-8'], kind: 'forget', at } as const;
    await writeForgetEntries(rollcall.state, { folder: forgetListFolder('ooto'), ...forgotten });
    const places = [
      ...Array.from({ length: 20 }, (_, index) => `${id}/lines/${index + 1}/picture`),
      'another-run/lines/1/picture',
    ];
    const replies = await Promise.all(places.map((place) => look(opened, place)));
    const seen = replies.map(({ statusCode: status, body, headers }) =>
      JSON.stringify([status, JSON.parse(body), headers['cache-control']]),
    );
    expect(seen.map((text, index) => [places[index], text])).toEqual(places.map((place) => [place, seen[0]]));
    expect(replies[0]?.json()).toMatchObject({ status: 404, detail: 'no picture' });
    expect(log.join('')).not.toMatch(/secret|passwd|subject-8|fine\.jpg/);
  });

  it('is none where the run has its files on another machine', async () => {
    const opened = await openRun((archive) => [{ photo: join(archive, 'a.jpg') }], {
      filesOn: 'another-machine',
    });
    await writeFile(join(opened.archive, 'a.jpg'), await makePhoto());
    expect((await look(opened, `${id}/lines/1/picture`)).statusCode).toBe(404);
  });

  it('is asked for in two sizes only', async () => {
    const opened = await openRun(() => []);
    for (const place of [`${id}/lines/1/picture?size=5000`, `${id}/lines/0/picture`, `${id}/lines/x/picture`])
      expect((await look(opened, place)).statusCode).toBe(400);
  });
});
