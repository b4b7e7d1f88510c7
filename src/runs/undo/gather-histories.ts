import { templateIdOf } from '../../engines/registry.ts';
import { createForgetReader } from '../../ledger/forget-reader.ts';
import { isHeldEvent, type LedgerEvent } from '../../ledger/ledger-event.ts';
import { readWholeLedger } from '../../ledger/read-whole-ledger.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { templateKey } from '../../util/template-id.ts';
import { type AwaitedBy, findAwaited } from './find-awaited.ts';
import { type Mark, markOfEvent } from './template-history.ts';

/** What is known of some templates, by their `templateKey`. */
export interface Histories {
  marksOf(template: string): readonly Mark[];
  readonly awaitedBy: AwaitedBy;
}

/**
 * Looks through the ledgers of an account, its erasures, and the manifests, queues and reports of its runs that are not
 * over. Memory: what is known of the given templates.
 * @throws FaultError for a line of a ledger that cannot be read
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

  // In this order: what a run has concluded meanwhile is in the ledger by then, and told twice at most.
  const awaitedBy = await findAwaited(state, { ...options, onEvent: addEvent });
  // It may say that another run stored something since, which must not be deleted.
  for (const account of accounts) await readWholeLedger(state, { account, signal, onEvent: addEvent });
  await addErasures(state, { ...options, note });
  return {
    marksOf: (template) => marks.get(template) ?? [],
    awaitedBy,
  };
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
