import { templateIdOf } from '../../engines/registry.ts';
import { eventOfLine, factsOf } from '../../ledger/ledger-delta.ts';
import type { LedgerEvent } from '../../ledger/ledger-event.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import { readManifest } from '../../records/manifest.ts';
import { readReport } from '../../records/report/read-report.ts';
import { createSeqBitmap } from '../../records/report/seq-bitmap.ts';
import { isOver, listRunRecords, type RunRecord, runFolderOf } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { templateKey } from '../../util/template-id.ts';
import { templatesInQueue } from '../erasure/known-templates.ts';

/**
 * By its `templateKey`: a run that is not over and has yet to do a photo for the template, does it now, or has found it
 * unchanged, which has to stay true.
 */
export type AwaitedBy = (template: string) => string | undefined;

/** Looks through the manifests, queues and reports of an account's runs that are not over. */
export async function findAwaited(
  state: StateStore,
  options: {
    backend: Pick<QueueBackend, 'openRunQueue'>;
    /** All ids under which runs know the account. */
    accounts: ReadonlySet<string>;
    engine: string;
    /** By their `templateKey`. */
    templates: ReadonlySet<string>;
    /** Called for what these runs have called: the ledger learns of it when they end. */
    onEvent?: (event: LedgerEvent) => void;
    signal: AbortSignal;
  },
): Promise<AwaitedBy> {
  const { backend, accounts, engine, templates, onEvent = () => {}, signal } = options;
  const awaited = new Map<string, string>();
  const note = (run: string, { subjectId, templateId }: ListedTemplate) => {
    if (subjectId === undefined) return;
    const key = templateKey(templateId ?? templateIdOf({ engine, subjectId }));
    if (templates.has(key)) awaited.set(key, run);
  };
  for (const record of await listRunRecords(state)) {
    if (!accounts.has(record.account) || isOver(record)) continue;
    const done = await readSettled(state, record, onEvent);
    for await (const batch of readManifest(state, record.id)) {
      signal.throwIfAborted();
      for (const { line } of batch) if (!done.has(line.seq)) note(record.id, line);
    }
    for (const named of await templatesInQueue(backend, record.id)) note(record.id, named);
  }
  return (template) => awaited.get(template);
}

interface ListedTemplate {
  readonly subjectId?: string | undefined;
  readonly templateId?: string | undefined;
}

/** @returns the photos that have their line, and no part in what the engine holds otherwise */
async function readSettled(
  state: StateStore,
  record: RunRecord,
  onEvent: (event: LedgerEvent) => void,
): Promise<{ has(seq: number): boolean }> {
  const done = createSeqBitmap();
  const facts = factsOf(record);
  for await (const line of readReport(state, runFolderOf(record.id))) {
    if (line.status === 'skipped') {
      if (line.reason !== 'unchanged') done.add(line.seq);
      continue;
    }
    done.add(line.seq);
    const event = eventOfLine(line, facts);
    if (event) onEvent(event);
  }
  return done;
}
