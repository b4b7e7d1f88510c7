import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { FaultError } from '../../util/errors.ts';
import { parseAs } from '../../util/json-text.ts';
import { type AuditLine, auditLineSchema } from './audit-line.ts';
import { type AuditSummary, auditSummarySchema } from './audit-summary.ts';

/**
 * `audits/<id>/`: `audit.json`, this record; `plan.jsonl`, who was chosen; `answers.jsonl`, a line for each who was asked;
 * and, once all were, `audit.jsonl` with its lines and `summary.json`. `money/` and `money.json`: what its calls cost.
 */
const auditsFolder = 'audits';
export const auditFolderOf = (id: string) => `${auditsFolder}/${id}`;
export const planPathOf = (id: string) => `${auditFolderOf(id)}/plan.jsonl`;
export const auditMoneyFolderOf = (id: string) => `${auditFolderOf(id)}/money`;
export const answersPathOf = (id: string) => `${auditFolderOf(id)}/answers.jsonl`;
export const auditPathOf = (id: string) => `${auditFolderOf(id)}/audit.jsonl`;
const recordPathOf = (id: string) => `${auditFolderOf(id)}/audit.json`;
const summaryPathOf = (id: string) => `${auditFolderOf(id)}/summary.json`;

const { engine, engineUrl, account, sample, seed, threshold, createdAt, population } =
  auditSummarySchema.shape;

/** Fixed when it begins, but for its state: its plan is whole by then. */
export const auditRecordSchema = z.object({
  schema: z.literal('rollcall.audit-record/1'),
  id: z.string(),
  ...{ engine, engineUrl, account, sample, seed, threshold, createdAt, population },
  /** `asking` until its summary is there; `repairing` until the runs that it asked for are over. */
  state: z.enum(['asking', 'repairing', 'finished']),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

export const writeAuditRecord = (state: StateStore, record: AuditRecord): Promise<void> =>
  state.write(recordPathOf(record.id), `${JSON.stringify(record)}\n`);

/** All audits of the state, the newest first. @throws FaultError where one is damaged */
export async function listAuditRecords(state: StateStore): Promise<AuditRecord[]> {
  const records: AuditRecord[] = [];
  for (const { name, isFolder } of await state.list(auditsFolder)) {
    const text = isFolder ? (await state.read(recordPathOf(name)))?.toString() : undefined;
    if (text === undefined) continue;
    const record = parseAs(auditRecordSchema, text);
    if (!record)
      throw new FaultError('state', `${state.locate(recordPathOf(name))} is damaged: remove its folder.`);
    records.push(record);
  }
  return records.sort((one, other) => (one.createdAt < other.createdAt ? 1 : -1));
}

export const writeAuditSummary = (state: StateStore, summary: AuditSummary): Promise<void> =>
  state.write(summaryPathOf(summary.audit), `${JSON.stringify(summary)}\n`);

/** Undefined where the audit has none yet. */
export async function readAuditSummary(state: StateStore, id: string): Promise<AuditSummary | undefined> {
  const text = (await state.read(summaryPathOf(id)))?.toString();
  return text === undefined ? undefined : parseAs(auditSummarySchema, text);
}

/** The lines of an audit that has ended; none where it has not. @throws FaultError where one is damaged */
export async function* readAuditLines(state: StateStore, id: string): AsyncGenerator<AuditLine> {
  yield* readWholeLines(state, auditPathOf(id), { schema: auditLineSchema, torn: true });
}

/**
 * `torn`: of a file that appeared whole, whose last line is damaged where it has no newline.
 * @throws FaultError where a line is damaged
 */
export async function* readWholeLines<Line>(
  state: StateStore,
  path: string,
  { schema, torn = false }: { schema: z.ZodType<Line>; torn?: boolean },
): AsyncGenerator<Line> {
  if ((await state.size(path)) === undefined) return;
  for await (const lines of state.readLines(path, { torn })) {
    for (const { text, offset } of lines) {
      const line = parseAs(schema, text);
      if (!line)
        throw new FaultError(
          'state',
          `${state.locate(path)} is damaged at byte ${offset}: remove its folder, and start another audit.`,
        );
      yield line;
    }
  }
}
