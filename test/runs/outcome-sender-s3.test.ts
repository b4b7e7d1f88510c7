import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { forgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { partsFolder } from '../../src/records/report/report-part.ts';
import { runFolderOf, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createOutcomeSender } from '../../src/runs/webhook/sender.ts';
import { openWebhook } from '../../src/runs/webhook/webhook.ts';
import { createS3StateStore } from '../../src/storage/state/s3/s3-state-store.ts';
import { startS3Server } from '../helpers/s3-server.ts';
import { lineOf, textOf } from '../records/report-lines.ts';
import { settingsOf } from './run-settings.ts';

it('outcomes of an inbox whose state is on S3 are told once each, by whichever sender, but of who was forgotten', async () => {
  const s3 = await startS3Server();
  await s3.createBucket('state');
  /** Another process each time: it knows only what the state says. */
  const openState = () =>
    createS3StateStore({ client: async () => s3.client, address: { bucket: 'state', key: 'rollcall' } });
  const told: number[] = [];
  const receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.push(JSON.parse(Buffer.concat(chunks).toString()).data.seq);
    response.writeHead(204).end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const client = openWebhook({ url, environment: {}, concurrency: 8 });
  try {
    const state = openState();
    const source = { address: 'inbox:door', sameSubject: 'repeat' as const };
    const subject = { source, engine: 'ooto', engineUrl: 'https://engine.example', account: 'a1' };
    const record = newRecord({ id: 'door-1', settings: await settingsOf({}), subject });
    await writeFirstRunRecord(state, record);
    const lines = Array.from({ length: 70 }, (_, index) => ({
      ...lineOf(index + 1, '1'),
      ...{ run: record.id, subjectId: `s-${index + 1}` },
    }));
    const appender = await state.openAppender(`${partsFolder(runFolderOf(record.id))}/1-1.jsonl`);
    await appender.append(textOf(lines));
    await writeForgetEntries(state, {
      ...{ folder: forgetListFolder('ooto'), engine: 'ooto', subjects: ['s-2'], kind: 'forget' },
      at: '2026-11-27T00:00:00.000Z',
    });
    for (const epoch of [1, 2]) {
      const sender = createOutcomeSender({
        ...{ state: openState(), inbox: 'door', client, known: {}, mayTry: () => true },
        ...{ writer: { writer: `host:${epoch}`, epoch }, signal: new AbortController().signal },
      });
      await sender.follow([record]);
      if (epoch === 1) await sender.turn();
      else while ((await sender.turn()) === 'more');
      // Who dies says no more than what stands in the log by then.
      if (epoch === 2) expect(sender.progress.runs['door-1']).toMatchObject({ settled: 70, withheld: 1 });
    }
    const seqs = Array.from({ length: 70 }, (_, index) => index + 1).filter((seq) => seq !== 2);
    expect(told.sort((one, other) => one - other)).toEqual(seqs);
  } finally {
    await client.close();
    receiver.closeAllConnections();
    receiver.close();
    await s3.close();
  }
});
