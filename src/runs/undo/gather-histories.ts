import { templateIdOf } from '../../engines/registry.ts';
import { createForgetReader } from '../../ledger/forget-reader.ts';
import { eventOfLine, factsOf } from '../../ledger/ledger-delta.ts';
import { isHeldEvent, type LedgerEvent } from '../../ledger/ledger-event.ts';
import { readLedger } from '../../ledger/ledger-files.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import { readManifest } from '../../records/manifest.ts';
import { readReport } from '../../records/read-report.ts';
import { isOver, listRunRecords, type RunRecord, runFolderOf } from '../../records/run-record.ts';
import { createSeqBitmap } from '../../records/seq-bitmap.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { templateKey } from '../../util/template-id.ts';
import { templatesInQueue } from '../erasure/known-templates.ts';
import { type Mark, markOfEvent } from './template-history.ts';

/** What is known of some templates, by their `templateKey`. */
export interface Histories {
  marksOf(template: string): readonly Mark[];
  /** A run that is not over and has yet to do a photo for the template, or does it now. */
  awaitedBy(template: string): string | undefined;
}

/**
 * Looks through the ledgers of an account, its erasures, and the manifests, queues and reports of its runs that are not
 * over. Memory: what is known of the given templates.
 */
export async function gatherHistories(
  state: StateStore,
  options: {
    backend: Pick<QueueBackend, 'openRunQueue'>;
    /** All ids under which ledgers and runs know the account. */
    accounts: ReadonlySet<string>;
    engine: string;
    /** The account that is called. */
    calledAccount: string;
    /** By their `templateKey`. */
    templates: ReadonlySet<string>;
    signal: AbortSignal;
  },
): Promise<Histories> {
  const { accounts, engine, templates, signal } = options;
  const marks = new Map<string, Mark[]>();
  const awaited = new Map<string, string>();
  const note = (template: string, mark: Mark) => {
    const known = marks.get(template);
    if (known) known.push(mark);
    else marks.set(template, [mark]);
  };
  const keyOf = (subjectId: string, templateId: string | undefined) => {
    const key = templateKey(templateId ?? templateIdOf({ engine, subjectId }));
    return templates.has(key) ? key : undefined;
  };
  const addEvent = (event: LedgerEvent) => {
    const key = isHeldEvent(event) ? keyOf(event.subjectId, event.templateId) : undefined;
    if (key !== undefined) note(key, markOfEvent(event));
  };
  const noteAwaited = (run: string, { subjectId, templateId }: ListedTemplate) => {
    const key = subjectId === undefined ? undefined : keyOf(subjectId, templateId);
    if (key !== undefined) awaited.set(key, run);
  };

  // In this order: what a run has concluded meanwhile is in the ledger by then, and told twice at most.
  for (const record of await listRunRecords(state)) {
    if (!accounts.has(record.account) || isOver(record)) continue;
    const done = await addReport(state, record, addEvent);
    for await (const batch of readManifest(state, record.id)) {
      signal.throwIfAborted();
      for (const { line } of batch) if (!done.has(line.seq)) noteAwaited(record.id, line);
    }
    for (const named of await templatesInQueue(options.backend, record.id)) noteAwaited(record.id, named);
  }
  for (const account of accounts) await readLedger(state, { account, signal, onEvent: addEvent });
  await addErasures(state, { ...options, note });
  return {
    marksOf: (template) => marks.get(template) ?? [],
    awaitedBy: (template) => awaited.get(template),
  };
}

interface ListedTemplate {
  readonly subjectId?: string | undefined;
  readonly templateId?: string | undefined;
}

/** @returns the photos that have their line */
async function addReport(
  state: StateStore,
  record: RunRecord,
  addEvent: (event: LedgerEvent) => void,
): Promise<{ has(seq: number): boolean }> {
  const done = createSeqBitmap();
  const facts = factsOf(record);
  for await (const line of readReport(state, runFolderOf(record.id))) {
    done.add(line.seq);
    const event = line.status === 'skipped' ? undefined : eventOfLine(line, facts);
    if (event) addEvent(event);
  }
  return done;
}

async function addErasures(
  state: StateStore,
  options: Pick<
    Parameters<typeof gatherHistories>[1],
    'accounts' | 'calledAccount' | 'engine' | 'templates'
  > & {
    note: (template: string, mark: Mark) => void;
  },
): Promise<void> {
  const { accounts, calledAccount, engine, templates, note } = options;
  const reader = createForgetReader(state, { engine, account: calledAccount });
  const erased = new Map<string, string>();
  await reader.refresh({
    onEntry: () => {},
    onErasure({ at, ...erasure }, account) {
      if (account !== calledAccount && !accounts.has(account)) return;
      for (const { template = '' } of erasure.templates)
        if (at > (erased.get(template) ?? '')) erased.set(template, at);
    },
  });
  if (erased.size === 0) return;
  for (const template of templates) {
    for (const key of reader.keys()) {
      const at = erased.get(key.templateMark(engine, template));
      if (at !== undefined) note(template, { kind: 'emptied', by: 'erased', at: Date.parse(at) });
    }
  }
}
