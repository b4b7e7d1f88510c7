import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunRecord } from '../../src/records/run-record.ts';
import { createSummaryBuilder } from '../../src/records/summary.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { webhookKeyOf } from '../../src/runs/webhook/signature.ts';
import { openWebhook } from '../../src/runs/webhook/webhook.ts';
import { alertText } from '../../src/schedule/alert-text.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { startWebhookServer, type WebhookServer } from '../helpers/webhook-server.ts';
import { settingsOf } from '../runs/run-settings.ts';

const secret = `whsec_${Buffer.from('0123456789abcdef0123456789abcdef').toString('base64')}`;
const { signal } = new AbortController();

describe('a notification', () => {
  let server: WebhookServer;
  let folder: TemporaryFolder;
  beforeAll(async () => {
    [server, folder] = await Promise.all([startWebhookServer(), makeTemporaryFolder()]);
  });
  afterAll(async () => {
    await server.close();
    await folder.remove();
  });

  async function post(id: string, environment: Record<string, string>) {
    const webhook = openWebhook({ url: server.url, environment });
    await webhook.post({ id, body: { text: 'é' }, signal }).finally(() => webhook.close());
    const posted = server.posted.at(-1);
    if (!posted) throw new Error('nothing was posted');
    return posted;
  }

  it('is signed so that the library of the Standard Webhooks takes it, and only as it was sent', async () => {
    const { headers, text } = await post('run-1 paused 2026-11-28T15:12:56.123Z', {
      ROLLCALL_WEBHOOK_SECRET: secret,
    });
    expect(new Webhook(secret).verify(text, headers)).toEqual({ text: 'é' });
    expect(() => new Webhook(secret).verify(`${text} `, headers)).toThrow();
    expect(() => new Webhook(`${secret.slice(0, -4)}AAA=`).verify(text, headers)).toThrow();
    expect(JSON.stringify(headers)).not.toContain(secret.slice(6));
  });

  it('has one id, however often it is tried, and another has another', async () => {
    await writeFile(join(folder.path, 'secret'), `${secret}\n`);
    const environment = { ROLLCALL_WEBHOOK_SECRET_FILE: join(folder.path, 'secret') };
    const ids = [];
    for (const id of ['a', 'a', 'b']) ids.push((await post(id, environment)).headers['webhook-id']);
    expect(ids[0]).toMatch(/^msg_[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(ids[2]).not.toBe(ids[0]);
  });

  it('is not signed where no secret is set', async () => {
    expect(Object.keys((await post('a', {})).headers).filter((name) => name.startsWith('webhook-'))).toEqual(
      [],
    );
  });
});

it.each(['geheim', 'whsec_', `whsec_${'a'.repeat(20)}`, 'whsec_!!!!0123456789abcdef0123456789abcdef'])(
  '%s is no secret, and is not repeated',
  (text) => {
    const read = () => webhookKeyOf({ ROLLCALL_WEBHOOK_SECRET: text });
    expect(read).toThrow(/^ROLLCALL_WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64/);
    expect(read).not.toThrow(`${text}0`.slice(0, -1) === 'whsec_' ? 'never' : text);
  },
);

describe('what a chat shows', async () => {
  const subject = {
    source: { address: '/archive', sameSubject: 'repeat' as const },
    ...{ engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' },
  };
  const settings = await settingsOf({});
  const recordOf = (given: Partial<RunRecord>): RunRecord => ({
    ...newRecord({ id: 'run-1', settings, subject }),
    counts: { listed: 20, done: 12, deadLetters: 1, calls: 12 },
    ...given,
  });
  const summaryOf = (codes: readonly string[], enrolled: number) => {
    const summary = createSummaryBuilder();
    const line = {
      schema: 'rollcall.report/1' as const,
      run: 'run-1',
      engine: 'ooto',
      finishedAt: '2026-11-28T01:00:00.000Z',
    };
    let seq = 0;
    const next = () => (seq += 1);
    for (const code of codes)
      summary.add({
        ...line,
        seq: next(),
        status: 'rejected',
        error: { kind: 'rejected', code, message: '' },
      });
    for (let count = 0; count < enrolled; count += 1)
      summary.add({ ...line, seq: next(), status: 'enrolled' });
    return summary.build({
      run: 'run-1',
      state: 'finished',
      source: '/archive',
      engine: 'ooto',
      reportSha256: '',
    });
  };

  it.each([
    [
      'dead letters',
      {
        exitCode: 1,
        record: recordOf({ state: 'finished' }),
        summary: summaryOf(['5', '5', '6', '9', '4'], 7),
      },
      /^rollcall, schedule nightly: run run-1 is finished\. 5 of 12 photos need attention \(2 x 5, 1 x \d, 1 x \d, …\)\. See: rollcall dead-letters run-1$/,
    ],
    [
      'one',
      { exitCode: 1, record: recordOf({}), summary: summaryOf(['5'], 0) },
      / 1 of 1 photo needs attention \(1 x 5\)\./,
    ],
    [
      'no photo',
      { exitCode: 2, record: recordOf({}), summary: summaryOf([], 0) },
      /is finished\. No photo was found\.$/,
    ],
    [
      'a pause',
      { exitCode: 3, record: recordOf({ state: 'paused', waitsFor: 'the key is wrong <!channel> @all.' }) },
      /: run run-1 is paused: the key is wrong ‹!channel› ＠all\. 12 of 20 photos done, 1 dead letter\.$/,
    ],
    [
      'a fault',
      { exitCode: 4, record: recordOf({ state: 'active' }), reason: 'the disk\u001b[2J is full.' },
      /: run run-1 met a fault: the disk\\u001b\[2J is full\. 12 of 20 /,
    ],
    [
      'no run',
      { exitCode: 2, reason: 'no credentials' },
      /^rollcall, schedule nightly: no run was started: no credentials\.$/,
    ],
  ])('of %s', (_name, given, expected) => {
    const text = alertText({
      schedule: 'nightly',
      record: undefined,
      summary: undefined,
      reason: undefined,
      ...given,
    });
    expect(text).toMatch(expected);
  });
});
