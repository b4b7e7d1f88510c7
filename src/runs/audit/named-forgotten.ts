import type { ErasedSubjects } from '../../ledger/forgotten-subjects.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { readManifest } from '../../records/manifest.ts';
import { listRunRecords } from '../../records/run-record.ts';
import type { ShareOrCount } from '../../settings/value-types.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { drawSample, lot, sampleSize } from './draw-sample.ts';

export interface NamedSubject {
  readonly subjectId?: string | undefined;
  readonly templateId?: string | undefined;
  readonly photo?: string | undefined;
}

/** Forgotten subjects whom a ledger or a list still names: the forget list itself has only marks. */
export function createNamedForgotten(erased: Pick<ErasedSubjects, 'isForgotten'>) {
  const found = new Map<string, NamedSubject & { readonly subjectId: string }>();

  function note({ subjectId, templateId, photo }: NamedSubject): boolean {
    if (subjectId === undefined || !erased.isForgotten(subjectId)) return false;
    const key = keyWithoutBlanks(subjectId);
    if (!found.has(key)) found.set(key, { subjectId, templateId, photo });
    return true;
  }

  return {
    note,
    async noteRuns(state: StateStore, accounts: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
      for (const record of await listRunRecords(state)) {
        if (!accounts.has(record.account)) continue;
        for await (const batch of readManifest(state, record.id)) {
          signal.throwIfAborted();
          for (const { line } of batch) note(line);
        }
      }
    },
    count: () => found.size,
    choose(sample: ShareOrCount, seed: number): (NamedSubject & { readonly subjectId: string })[] {
      const all = [...found.entries()];
      const drawn = drawSample(
        { count: all.length, stratumOf: () => 0, lotOf: (member) => lot(seed, all[member]?.[0] ?? '') },
        { size: sampleSize(sample, all.length), seed },
      );
      return drawn.flatMap((member) => all[member]?.[1] ?? []);
    },
  };
}
