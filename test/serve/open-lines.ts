import type { ReportLine } from '../../src/records/report/report-line.ts';
import { type RunRecord, writeRunRecord } from '../../src/records/run-record.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import type { OpenApp } from './open-app.ts';

/** A run under way in the server's state, with lines that its conductor wrote. */
export async function openPartLines(
  { rollcall: { state, settings } }: OpenApp,
  own: Pick<RunRecord, 'id'> & Partial<RunRecord>,
  lines: readonly (Pick<ReportLine, 'seq' | 'status'> & Partial<ReportLine>)[],
): Promise<void> {
  const subject = {
    source: { address: '/photos', sameSubject: 'repeat' as const },
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: '0123456789abcdef',
  };
  await writeRunRecord(state, { ...newRecord({ id: own.id, settings, subject }), ...own });
  const whole = lines.map((line) => ({
    schema: 'rollcall.report/1',
    run: own.id,
    engine: 'ooto',
    finishedAt: '2026-11-02T00:00:01.000Z',
    ...line,
  }));
  await state.write(
    `runs/${own.id}/parts/1-1.jsonl`,
    whole.map((line) => `${JSON.stringify(line)}\n`).join(''),
  );
}
