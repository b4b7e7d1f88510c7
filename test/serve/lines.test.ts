import { expect, it } from 'vitest';
import { openApp, ownHost, withToken } from './open-app.ts';
import { openPartLines } from './open-lines.ts';

async function openRun() {
  const opened = await openApp();
  await openPartLines(opened, { id: 'earlier', createdAt: '2026-11-01T00:00:00.000Z' }, [
    {
      seq: 1,
      subjectId: 'anna',
      status: 'rejected',
      error: { kind: 'rejected', code: '5', message: 'no face' },
    },
  ]);
  await openPartLines(opened, { id: 'now', createdAt: '2026-11-02T00:00:00.000Z' }, [
    {
      seq: 1,
      subjectId: 'anna',
      status: 'rejected',
      error: { kind: 'rejected', code: '5', message: 'no face' },
    },
    { seq: 2, subjectId: 'ben', status: 'enrolled' },
    { seq: 3, subjectId: 'annabel', status: 'failed', error: { kind: 'photo', message: 'gone' } },
  ]);
  const get = async (path: string) => {
    const headers = { host: ownHost, ...withToken };
    const reply = await opened.app.inject({ url: `/api/v1/runs/${path}`, headers });
    return { status: reply.statusCode, ...reply.json() };
  };
  return { get };
}

it('lines are found by status, code and text, page by page', async () => {
  const { get } = await openRun();
  const seqs = async (query: string) =>
    (await get(`now/lines?${query}`)).lines.map(({ seq }: { seq: number }) => seq);
  expect(await seqs('')).toEqual([1, 2, 3]);
  expect(await seqs('status=rejected,failed')).toEqual([1, 3]);
  expect(await seqs('code=5')).toEqual([1]);
  expect(await seqs('q=ANNA')).toEqual([1, 3]);
  const first = await get('now/lines?limit=2');
  expect(first).toMatchObject({ looked: 2, total: 3 });
  expect(await seqs(`limit=2&cursor=${first.next}`)).toEqual([3]);
  expect(await get('now/lines?status=gone')).toMatchObject({ status: 400, code: 'bad-request' });
});

it('a line has what became of its subject before, and what its code means', async () => {
  const { get } = await openRun();
  const found = await get('now/lines/1');
  expect(found.line).toMatchObject({ seq: 1, subjectId: 'anna' });
  expect(found.history).toMatchObject([{ run: 'earlier', status: 'rejected', code: '5' }]);
  expect(found.meaning.helps).toMatch(/\w/);
  expect((await get('now/lines/2')).meaning).toBeNull();
  expect(await get('now/lines/9')).toMatchObject({ status: 404, code: 'no-line' });
});

it('a run has its aggregates with what their codes mean, and its account', async () => {
  const { get } = await openRun();
  const run = await get('now');
  expect(run.aggregates).toMatchObject({ lines: 3, deadLetters: 2, byCode: { 5: 1, photo: 1 } });
  expect(Object.keys(run.meanings)).toEqual(['5', 'photo']);
  expect(run).toMatchObject({ state: 'listing', engineHealth: { health: 'unknown' }, summary: null });
  expect(run.changeable).toMatchObject({ rate: 10, concurrency: 16, stopAfterFailures: '50%' });
});

it('its report is a JSON line for each photo', async () => {
  const opened = await openApp();
  await openPartLines(opened, { id: 'now' }, [{ seq: 1, subjectId: 'anna', status: 'enrolled' }]);
  const headers = { host: ownHost, ...withToken };
  const reply = await opened.app.inject({ url: '/api/v1/runs/now/report', headers });
  expect(reply.headers['content-type']).toBe('application/jsonl');
  expect(
    reply.body
      .split('\n')
      .filter(Boolean)
      .map((text) => JSON.parse(text).seq),
  ).toEqual([1]);
});
