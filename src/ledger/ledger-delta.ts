import { randomBytes } from 'node:crypto';
import { followsFromSubject } from '../engines/registry.ts';
import type { ReportLine } from '../records/report/report-line.ts';
import { areIdsFromPaths, type RunRecord } from '../records/run-record.ts';
import type { StateStore, StateWriter } from '../storage/state/state-store.ts';
import type { ErasedSubjects } from './forgotten-subjects.ts';
import { folderOf } from './known-folders.ts';
import { type LedgerEvent, ledgerSchemaName, ledgerSourceOf } from './ledger-event.ts';
import { deltaPath } from './ledger-files.ts';

/** What one run adds to the ledger: a file of its own, which appears whole with `commit` or not at all. */
export interface LedgerDelta {
  add(line: ReportLine): void;
  /** Writes what was added so far, so that memory stays bounded. */
  flush(): Promise<void>;
  commit(): Promise<void>;
  /** Leaves no trace; harmless after `commit`. */
  discard(): Promise<void>;
}

/**
 * Named by run, epoch and chance: who concludes a run again adds another file with the same content, which is harmless, and a
 * run by the name of one that was pruned writes over nothing.
 */
export function createLedgerDelta(
  state: StateStore,
  record: RunRecord,
  erased: Pick<ErasedSubjects, 'isVoid'>,
): LedgerDelta {
  const facts = factsOf(record);
  let writer: StateWriter | undefined;
  let text = '';
  async function flush(): Promise<void> {
    if (text === '') return;
    const batch = text;
    text = '';
    const { id, account, epoch } = record;
    writer ??= await state.openWriter(
      deltaPath(account, { run: `${id}-${randomBytes(4).toString('hex')}`, epoch }),
    );
    await writer.write(batch);
  }
  return {
    add(line) {
      const event = eventOfLine(line, facts);
      if (event && !erased.isVoid(event)) text += `${JSON.stringify(event)}\n`;
    },
    flush,
    async commit() {
      await flush();
      await writer?.commit();
    },
    async discard() {
      await writer?.discard();
    },
  };
}

/** What a run's events have in common. */
export interface RunFacts {
  readonly source: string;
  readonly required: readonly string[];
  /** The pattern that ids are inferred by; false: they are listed; absent: it is not known. */
  readonly inferredBy?: string | false;
}

export function factsOf(record: RunRecord): RunFacts {
  const { settings } = record;
  const isInferred = areIdsFromPaths(settings);
  return {
    source: ledgerSourceOf(record),
    required: settings.require,
    ...(isInferred !== undefined && { inferredBy: isInferred && settings.idFrom }),
  };
}

function originOf(photo: string, inferredBy: RunFacts['inferredBy']): Pick<LedgerEvent, 'idFrom' | 'folder'> {
  if (inferredBy === undefined) return {};
  return inferredBy === false ? { idFrom: 'list' } : { idFrom: 'path', folder: folderOf(photo, inferredBy) };
}

/** What the ledger is to remember of a photo's line, if anything. Pure. */
export function eventOfLine(
  line: ReportLine,
  { source, required, inferredBy }: RunFacts,
): LedgerEvent | undefined {
  const { subjectId, photo, finishedAt } = line;
  if (subjectId === undefined || photo === undefined) return undefined;
  const base = {
    schema: ledgerSchemaName,
    run: line.run,
    subjectId,
    photo,
    ...(line.version !== undefined && { version: line.version }),
    ...(line.sha256 !== undefined && { sha256: line.sha256 }),
    ...(line.replaced !== undefined && { replaced: line.replaced }),
    ...originOf(photo, inferredBy),
  } as const;
  const checks = required.length > 0 ? { required: [...required].sort() } : {};
  const unclear = (): LedgerEvent | undefined =>
    line.stored === 'unknown'
      ? { ...base, kind: 'unclear', ...templateOf(line), at: finishedAt, source }
      : undefined;
  // What may be the answer to somebody else's photo is neither a success nor a verdict to remember.
  if (line.warnings?.includes('template-shared')) return unclear();
  switch (line.status) {
    case 'enrolled':
      // Nothing that is remembered of a subject is about another one's template.
      if (namesAnother(line)) return { ...base, kind: 'unclear', at: finishedAt, source };
      return { ...base, kind: 'enrolled', ...templateOf(line), ...checks, at: finishedAt, source };
    case 'rejected': {
      const { stored = 'unknown', error } = line;
      // No engine said it, and to check again costs no call: nothing is remembered of it.
      if (error?.kind === 'preflight') return unclear();
      const code = error?.code === undefined ? {} : { code: error.code };
      return { ...base, kind: 'rejected', ...templateOf(line), ...code, stored, at: finishedAt, source };
    }
    case 'skipped': {
      // A worker read it and found the bytes that are enrolled already, under a version or address that was not known.
      const { enrolledAt, sha256, templateId } = line;
      if (line.reason !== 'unchanged' || !enrolledAt || !sha256 || !templateId) return undefined;
      const times = { at: enrolledAt, seenAt: finishedAt };
      return { ...base, kind: 'enrolled', ...templateOf(line), ...checks, ...times, source };
    }
    default:
      return unclear();
  }
}

/** At an engine that knows templates by their subjects' own ids, an id that it names is another subject's. */
function namesAnother({ engine, templateId, warnings }: ReportLine): boolean {
  if (templateId === undefined || !warnings?.includes('template-id-differs')) return false;
  return followsFromSubject({ engine, subjectId: templateId, templateId });
}

function templateOf(line: ReportLine) {
  const { engine, subjectId = '', templateId, warnings } = line;
  if (templateId === undefined) return {};
  if (namesAnother(line)) return {};
  if (warnings?.includes('template-id-differs')) return { templateId, templateIdFrom: 'engine' } as const;
  if (followsFromSubject({ engine, subjectId, templateId })) return { templateId };
  return { templateId, templateIdFrom: 'manifest' } as const;
}
