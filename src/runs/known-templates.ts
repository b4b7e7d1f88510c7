import { followsFromSubject } from '../engines/registry.ts';
import { type LedgerEvent, timesOf } from '../ledger/ledger-event.ts';
import { readLedger } from '../ledger/ledger-files.ts';
import type { QueueBackend } from '../queue/queue.ts';
import { readManifest } from '../records/manifest.ts';
import { photoJobDataSchema } from '../records/photo-job-data.ts';
import { readReport } from '../records/read-report.ts';
import { outcomeSchema } from '../records/report-line.ts';
import { isOver, listRunRecords, type RunRecord, runFolderOf } from '../records/run-record.ts';
import type { StateStore } from '../storage/state/state-store.ts';
import { subjectKey } from '../util/subject-id.ts';

export interface NamedTemplate {
  readonly subjectId: string;
  readonly templateId: string;
}

/** Template ids under which the engine may hold subjects, besides those that follow from them. */
export interface KnownTemplates {
  /** By subject, in NFC. */
  readonly ofSubject: ReadonlyMap<string, ReadonlySet<string>>;
  /** Among them, those that another subject was enrolled under since: they are somebody else's face by now. */
  readonly ofOthers: ReadonlySet<string>;
}

/**
 * Looks through the account's ledger, and the manifests, queues and reports of its runs that are not over. What a manifest or the
 * engine named is found nowhere else. Memory: the given subjects and their templates.
 */
export async function findKnownTemplates(
  state: StateStore,
  options: {
    account: string;
    engine: string;
    /** In NFC. */
    subjects: ReadonlySet<string>;
    /** What the queue of a run knows. */
    inQueue: (runId: string) => Promise<readonly NamedTemplate[]>;
    signal: AbortSignal;
  },
): Promise<KnownTemplates> {
  const { account, engine, subjects, inQueue, signal } = options;
  const ofSubject = new Map<string, Set<string>>();
  const latest = new Map<string, { readonly at: number; readonly isGiven: boolean }>();
  const note = (key: string, templateId: string) => {
    const known = ofSubject.get(key) ?? new Set();
    ofSubject.set(key, known.add(templateId));
    if (!latest.has(templateId)) latest.set(templateId, { at: 0, isGiven: true });
  };
  /** Whose face a template is follows from who was enrolled under it last. */
  const noteOwner = (subjectId: string, templateId: string, at: number) => {
    const known = latest.get(templateId);
    if (known && at > known.at) latest.set(templateId, { at, isGiven: subjects.has(subjectKey(subjectId)) });
  };
  const runs = (await listRunRecords(state)).filter((run) => run.account === account && !isOver(run));

  await readLedger(state, {
    account,
    signal,
    onEvent: ({ subjectId, templateId }) => {
      const key = subjectKey(subjectId);
      if (templateId !== undefined && subjects.has(key)) note(key, templateId);
    },
  });
  for (const run of runs)
    await readRun(run, (subjectId, templateId) => note(subjectKey(subjectId), templateId));

  const isNamed = [...ofSubject].some(([subjectId, ids]) =>
    [...ids].some((templateId) => !followsFromSubject({ engine, subjectId, templateId })),
  );
  // An id that follows from its subject is nobody else's.
  if (isNamed) {
    const onEvent = (event: LedgerEvent) => {
      if (event.templateId !== undefined && event.kind === 'enrolled')
        noteOwner(event.subjectId, event.templateId, timesOf(event).at);
    };
    await readLedger(state, { account, signal, onEvent });
    for (const { id } of runs) {
      for await (const line of readReport(state, runFolderOf(id)))
        if (line.stored !== 'no' && line.subjectId !== undefined && line.templateId !== undefined)
          noteOwner(line.subjectId, line.templateId, Date.parse(line.finishedAt));
    }
  }
  const ofOthers = new Set([...latest].filter(([, { isGiven }]) => !isGiven).map(([id]) => id));
  return { ofSubject, ofOthers };

  async function readRun(
    { id }: RunRecord,
    onTemplate: (subjectId: string, templateId: string) => void,
  ): Promise<void> {
    const show = ({
      subjectId,
      templateId,
    }: {
      subjectId?: string | undefined;
      templateId?: string | undefined;
    }) => {
      if (subjectId !== undefined && templateId !== undefined && subjects.has(subjectKey(subjectId)))
        onTemplate(subjectId, templateId);
    };
    for await (const batch of readManifest(state, id)) {
      signal.throwIfAborted();
      for (const { line } of batch) show(line);
    }
    // In this order: what leaves the queue meanwhile is in the report by then.
    for (const named of await inQueue(id)) show(named);
    for await (const line of readReport(state, runFolderOf(id))) show(line);
  }
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
      for (const templateId of [tries.enrolled?.templateId, end.data?.templateId])
        if (templateId !== undefined) found.push({ subjectId, templateId });
    };
    for (const { data } of (await queue.find([...(await queue.ids())])).values()) note(data, undefined);
    for (const { data, returnValue } of await queue.finished(finishedLimit)) note(data, returnValue);
    return found;
  } finally {
    await queue.close();
  }
}
