import { templateIdOf } from '../../engines/registry.ts';
import { isStoredEvent, keyWithoutBlanks, type LedgerEvent, timesOf } from '../../ledger/ledger-event.ts';
import { readLedger } from '../../ledger/ledger-files.ts';
import { readWholeLedger } from '../../ledger/read-whole-ledger.ts';
import type { QueueBackend } from '../../queue/queue.ts';
import { readManifest } from '../../records/manifest.ts';
import { photoJobDataSchema } from '../../records/photo-job-data.ts';
import { readReport } from '../../records/report/read-report.ts';
import { outcomeSchema, type ReportLine } from '../../records/report/report-line.ts';
import { isOver, listRunRecords, runFolderOf } from '../../records/run-record.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { type Claim, createTemplateClaims, type TemplateClaims } from './template-claims.ts';

/** A template that the queue of a run knows of. */
export interface NamedTemplate {
  readonly subjectId: string;
  readonly templateId: string;
  readonly isNamedByEngine: boolean;
}

interface ListedTemplate {
  readonly subjectId?: string | undefined;
  readonly templateId?: string | undefined;
  readonly isNamedByEngine?: boolean;
}

/** Template ids under which the engine may hold subjects, besides those that follow from them. */
export interface KnownTemplates {
  /** By subject, as `keyWithoutBlanks` has it. */
  readonly ofSubject: ReadonlyMap<string, ReadonlySet<string>>;
  /** Of these, and of those that follow from the subjects: whether it is another subject's, so that nothing may touch it. */
  isOfOther(templateId: string): boolean;
}

/**
 * Looks through the ledgers of an account, and the manifests, queues and reports of its runs that are not over. What a
 * manifest or the engine named is found nowhere else. Memory: the given subjects and their templates.
 * @throws FaultError for a line of a ledger that cannot be read: it may name a template of theirs, or say that one is another's
 */
export async function findKnownTemplates(
  state: StateStore,
  options: {
    /** All ids under which ledgers and runs know the account. */
    accounts: ReadonlySet<string>;
    engine: string;
    /** As `keyWithoutBlanks` has them. */
    subjects: ReadonlySet<string>;
    /** What the queue of a run knows. */
    inQueue: (runId: string) => Promise<readonly NamedTemplate[]>;
    signal: AbortSignal;
  },
): Promise<KnownTemplates> {
  const { accounts, engine, subjects, inQueue, signal } = options;
  const ofSubject = new Map<string, Set<string>>();
  const claims = createTemplateClaims({ engine, subjects });
  const note = (subjectId: string, templateId: string | undefined) => {
    const key = keyWithoutBlanks(subjectId);
    if (templateId === undefined || !subjects.has(key)) return false;
    ofSubject.set(key, (ofSubject.get(key) ?? new Set()).add(templateId));
    claims.note(templateId);
    return true;
  };
  const noteSent = ({ subjectId, templateId, isNamedByEngine = false }: ListedTemplate) => {
    if (subjectId === undefined || templateId === undefined || !note(subjectId, templateId)) return;
    claims.add({ subjectId, templateId, at: 0, isNamedByEngine, isCertain: false });
  };
  for (const subjectId of subjects) claims.note(templateIdOf({ engine, subjectId }));
  const runs = (await listRunRecords(state)).filter((run) => accounts.has(run.account) && !isOver(run));

  for (const account of accounts)
    await readWholeLedger(state, {
      account,
      signal,
      onEvent: ({ subjectId, templateId }) => void note(subjectId, templateId),
    });
  for (const { id } of runs) {
    for await (const batch of readManifest(state, id)) {
      signal.throwIfAborted();
      for (const { line } of batch) noteSent(line);
    }
    // In this order: what leaves the queue meanwhile is in the report by then.
    for (const named of await inQueue(id)) noteSent(named);
    for await (const line of readReport(state, runFolderOf(id)))
      if (line.subjectId !== undefined) note(line.subjectId, line.templateId);
  }

  // All templates are known by now: whose they are follows from what is said of other subjects, too.
  for (const account of accounts)
    await readLedger(state, { account, signal, onEvent: (event) => addClaim(claims, claimOfEvent(event)) });
  for (const { id } of runs)
    for await (const line of readReport(state, runFolderOf(id))) addClaim(claims, claimOfLine(line));
  return { ofSubject, isOfOther: claims.isOfOther };
}

const addClaim = (claims: TemplateClaims, claim: Claim | undefined) => claim && claims.add(claim);

function claimOfEvent(event: LedgerEvent): Claim | undefined {
  const { kind, subjectId, templateId, templateIdFrom, stored } = event;
  if (templateId === undefined || kind === 'undone' || (kind === 'rejected' && stored === 'no'))
    return undefined;
  return {
    subjectId,
    templateId,
    at: timesOf(event).at,
    isNamedByEngine: templateIdFrom === 'engine',
    isCertain: isStoredEvent(event),
  };
}

function claimOfLine({ subjectId, templateId, stored, warnings, finishedAt }: ReportLine): Claim | undefined {
  if (subjectId === undefined || templateId === undefined) return undefined;
  if (stored !== 'yes' && stored !== 'unknown') return undefined;
  const isNamedByEngine = warnings?.includes('template-id-differs') ?? false;
  return { subjectId, templateId, at: Date.parse(finishedAt), isNamedByEngine, isCertain: stored === 'yes' };
}

/** More than a run has in its queue at a time. */
const finishedLimit = 10_000;

/**
 * Templates that the queue of a run knows of and no report does yet: of photos that were enrolled and whose line is not
 * written, or that are still to be found again.
 */
export async function templatesInQueue(
  backend: Pick<QueueBackend, 'openRunQueue'>,
  runId: string,
): Promise<NamedTemplate[]> {
  const queue = backend.openRunQueue(runId);
  try {
    const found: NamedTemplate[] = [];
    const note = (data: unknown, outcome: unknown) => {
      const job = photoJobDataSchema.safeParse(data);
      if (!job.success) return;
      const { subjectId, tries } = job.data;
      const end = outcomeSchema.safeParse(outcome);
      for (const { templateId, warnings } of [tries.enrolled ?? {}, end.data ?? {}]) {
        const isNamedByEngine = warnings?.includes('template-id-differs') ?? false;
        if (templateId !== undefined) found.push({ subjectId, templateId, isNamedByEngine });
      }
    };
    for (const { data } of (await queue.find([...(await queue.ids())])).values()) note(data, undefined);
    for (const { data, returnValue } of await queue.finished(finishedLimit)) note(data, returnValue);
    return found;
  } finally {
    await queue.close();
  }
}
