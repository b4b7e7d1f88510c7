import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openApp, ownHost, withToken } from './open-app.ts';

async function openArchive() {
  const opened = await openApp({ settings: { engine: 'ooto', allowRoot: 'archive', allowBucket: 'faces' } });
  const { app, folder } = opened;
  await mkdir(join(folder, 'archive', 'staff'), { recursive: true });
  await mkdir(join(folder, 'archive-of-others'));
  await symlink(join(folder, 'archive-of-others'), join(folder, 'archive', 'link'));
  await writeFile(join(folder, 'list.csv'), 'subjectId,photo\n');
  const post = async (payload: object) => {
    const headers = { host: ownHost, ...withToken };
    const reply = await app.inject({ method: 'POST', url: '/api/v1/runs', headers, payload });
    return {
      status: reply.statusCode,
      code: reply.json().code as string,
      detail: reply.json().detail as string,
    };
  };
  return { folder, post };
}

describe('a run that a client starts', () => {
  it.each([
    ['in an allowed folder', (folder: string) => join(folder, 'archive', 'staff')],
    ['that is the allowed folder', (folder: string) => join(folder, 'archive')],
    ['in an allowed bucket', () => 's3://faces/staff/'],
  ])('may have a source %s', async (_, source) => {
    const { folder, post } = await openArchive();
    // It comes as far as the queue, of which there is none here.
    expect(await post({ source: source(folder) })).toMatchObject({ status: 503, code: 'no-queue' });
  });

  it.each([
    ['beside the allowed folder', (folder: string) => join(folder, 'list.csv')],
    ['whose name begins like the allowed folder', (folder: string) => join(folder, 'archive-of-others')],
    ['that leaves it by dots', (folder: string) => `${folder}/archive/../list.csv`],
    ['that leaves it by a link', (folder: string) => join(folder, 'archive', 'link')],
    ['that is not there', (folder: string) => join(folder, 'archive', 'nothing')],
    ['that is relative', () => 'archive'],
    ['in another bucket', () => 's3://faces-of-others/staff/'],
    ['that is no bucket', () => 's3:///staff/'],
    ['of a pipe', () => '-'],
    ['somewhere else', () => 'https://photos.example/list.csv'],
  ])('may not have a source %s', async (_, source) => {
    const { folder, post } = await openArchive();
    expect(await post({ source: source(folder) })).toMatchObject({ status: 403, code: 'source-not-allowed' });
  });

  it.each([
    ...['engine', 'engineUrl', 'allowHttp', 'allowPrivate', 'allowOutside', 'allowEmpty', 'allowRoot'],
    ...['photoTransport', 'forgetList', 'keepDemographics', 'queue', 'state', 'onFailure', 'no-setting'],
    ...['price', 'budget'],
  ])('may not have a setting of its own for %s', async (key) => {
    const { folder, post } = await openArchive();
    const reply = await post({ source: join(folder, 'archive'), settings: { rate: 5, [key]: 'true' } });
    expect(reply).toMatchObject({ status: 403, code: 'setting-not-allowed' });
    expect(reply.detail).toContain(key);
  });
});
