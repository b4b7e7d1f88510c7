import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { listUploads } from '../../src/records/inbox/upload.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { makeImageBomb, makePhoto } from '../helpers/photos.ts';
import { type PhotoEnd, writeOverRun } from '../runs/review-scene.ts';
import { openApp, ownHost, withToken } from './open-app.ts';

const id = '20261122T010203Z-00000001';

async function openRun(ends: readonly PhotoEnd[]) {
  const { app, rollcall } = await openApp();
  const subject = {
    source: { address: '/archive', sameSubject: 'collision' as const, rootFolder: '/archive' },
    ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'account' },
  };
  const record = { ...newRecord({ id, settings: rollcall.settings, subject }), state: 'finished' as const };
  await writeOverRun(rollcall.state, record, ends);
  const headers = { host: ownHost, ...withToken };
  const get = (place: string) => app.inject({ url: `/api/v1/runs/${id}/${place}`, headers });
  const post = (place: string, payload: unknown) =>
    app.inject({ method: 'POST', url: `/api/v1/runs/${id}/${place}`, headers, payload: payload as object });
  const upload = (name: string, file: Buffer) =>
    app.inject({
      ...{ method: 'POST', url: `/api/v1/runs/${id}/uploads`, payload: multipartOf(name, file) },
      headers: { ...headers, 'content-type': 'multipart/form-data; boundary=xyz' },
    });
  return { app, state: rollcall.state, get, post, upload };
}

const multipartOf = (name: string, file: Buffer) =>
  Buffer.concat([
    Buffer.from(`--xyz\r\nContent-Disposition: form-data; name="${name}"; filename="../../x.jpg"\r\n\r\n`),
    file,
    Buffer.from('\r\n--xyz--\r\n'),
  ]);

describe('decisions over the API', () => {
  it('are saved, all of them or none, and are seen by both who decide at once', async () => {
    const { get, post } = await openRun([{}, {}, { status: 'enrolled' }]);
    const decide = (reviewer: string, ...decisions: object[]) => post('decisions', { reviewer, decisions });
    const [ann, bob] = await Promise.all([
      decide('ann', { seq: 1, action: 'edit', rotate: 90 }),
      decide('bob', { seq: 2, action: 'edit', crop: { left: 0, top: 0, width: 0.5, height: 0.5 } }),
    ]);
    expect([ann.statusCode, bob.statusCode]).toEqual([201, 201]);
    const { decisions, applied } = (await get('decisions')).json();
    expect(applied).toEqual([]);
    expect(decisions).toMatchObject([
      { seq: 1, by: 'ann', edit: { rotate: 90 } },
      { seq: 2, by: 'bob', edit: { rotate: 0, crop: { width: 0.5 } } },
    ]);
    const refused = await decide('ann', { seq: 1, action: 'retry' }, { seq: 3, action: 'retry' });
    expect(refused.statusCode).toBe(422);
    expect(refused.json()).toMatchObject({
      code: 'decision',
      detail: expect.stringContaining('photo 3 is no dead letter'),
    });
    expect((await get('decisions')).json().decisions).toEqual(decisions);
    const taken = await decide('ann', { seq: 1, action: 'undecided' });
    expect(taken.json().decisions).toMatchObject([{ seq: 2 }]);
    // The queue, which keeps two who apply apart, is not there in this test.
    expect((await post('decisions/apply', {})).statusCode).toBe(503);
  });

  it.each([
    [{ reviewer: '', decisions: [{ seq: 1, action: 'retry' }] }],
    [{ reviewer: 'ann', decisions: [] }],
    [{ reviewer: 'ann', decisions: [{ seq: 1, action: 'enroll' }] }],
    [{ reviewer: 'ann', decisions: [{ seq: 1, action: 'retry-file', upload: '../run' }] }],
    [{ reviewer: 'ann', decisions: [{ seq: 1, action: 'edit', rotate: 45 }] }],
    [{ reviewer: 'ann', decisions: [{ seq: 1, action: 'leave-out', reason: 'x'.repeat(1_001) }] }],
  ])('are refused in another form: %j', async (payload) => {
    const { post } = await openRun([{}]);
    expect((await post('decisions', payload)).statusCode).toBe(400);
  });

  it('take a file that is a photo, under a name of ours, and no other', async () => {
    const { state, post, upload } = await openRun([{}]);
    const kept = await upload('photo', await makePhoto());
    expect(kept.statusCode).toBe(201);
    expect(await listUploads(state, id)).toEqual([kept.json().upload]);
    for (const file of [Buffer.from('text'), Buffer.alloc(0), await makeImageBomb()])
      expect((await upload('photo', file)).statusCode).toBe(422);
    expect((await upload('other', await makePhoto())).statusCode).toBe(400);
    expect((await post('uploads', {})).statusCode).toBe(415);
    expect(await listUploads(state, id)).toHaveLength(1);
    const decision = { seq: 1, action: 'retry-file', upload: kept.json().upload };
    expect((await post('decisions', { reviewer: 'ann', decisions: [decision] })).statusCode).toBe(201);
  });

  it('hand on as CSV that no spreadsheet obeys', async () => {
    const { get, post } = await openRun([{ subjectId: '=cmd()' }, {}, { subjectId: 'c' }]);
    const decisions = [
      { seq: 1, action: 'hand-on', reason: '+1 (555) 0100' },
      { seq: 2, action: 'leave-out', reason: 'left' },
    ];
    await post('decisions', { reviewer: '@ann', decisions });
    const reply = await get('decisions.csv');
    expect(reply.headers['content-type']).toBe('text/csv; charset=utf-8');
    expect(reply.headers['content-disposition']).toMatch(/^attachment/);
    const rows: Record<string, string>[] = parse(reply.body, { columns: true });
    expect(rows).toMatchObject([
      {
        seq: '1',
        action: '',
        subjectId: "'=cmd()",
        decided: 'hand-on',
        decidedReason: "'+1 (555) 0100",
        by: "'@ann",
      },
    ]);
  });

  it('are of a run that there is', async () => {
    const { app } = await openRun([{}]);
    const headers = { host: ownHost, ...withToken };
    for (const place of ['decisions', 'decisions.csv'])
      expect((await app.inject({ url: `/api/v1/runs/none/${place}`, headers })).statusCode).toBe(404);
  });
});
