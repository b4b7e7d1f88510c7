import { percent } from '../util/percent.ts';
import { plural } from '../util/plural.ts';
import type { Canary, CanaryFigure } from './canary.ts';

// Without what reads and judges, since the page has it, too.

/** The figures in words, the most frequent first: statuses, then codes. */
export function describeFigures(canary: Canary): string[] {
  const inOrder = (figures: Canary['byStatus']) =>
    Object.entries(figures).sort(([, a], [, b]) => b.photos - a.photos);
  return [
    ...inOrder(canary.byStatus).map(([name, figure]) => describeFigure(name, figure, canary)),
    ...inOrder(canary.byCode).map(([name, figure]) => describeFigure(`code ${name}`, figure, canary)),
  ];
}

/** `rejected 7 of 200 (3.5 %; of all between 1.4 % and 7.1 %)`. */
export const describeFigure = (
  name: string,
  { photos, share, low, high }: CanaryFigure,
  { judged }: Pick<Canary, 'judged'>,
): string =>
  `${name} ${photos} of ${judged} (${percent(share)}; of all between ${percent(low, 'down')} and ${percent(high, 'up')})`;

/** Of one that is refused although its rules are met. */
export const calledNothing =
  'none of its photos needed a call in the end, which says nothing of how the rest will go';

/** Where a canary stands, in words; `figures` says what its photos came to. */
export function describeCanary(canary: Canary): string {
  const { state, asked, photos, of, folders, done, acceptedBy } = canary;
  if (state === 'listing') return `canary of ${plural(asked, 'photo')}: waits for the whole list`;
  const where = `canary of ${plural(photos, 'photo')} (of ${of} that need a call, from ${plural(folders, 'folder')})`;
  switch (state) {
    case 'running':
      return `${where}: ${done} done, the rest waits for it`;
    case 'accepted':
      return `${where}: accepted${acceptedBy === 'user' ? ' by a user, although it was refused' : ''}`;
    case 'refused':
      return `${where}: refused${canary.judged === 0 ? `, since ${calledNothing}` : ''}`;
    case 'cancelled':
      return photos === 0
        ? 'canary: cancelled before it began'
        : `${where}: cancelled, ${done} done, not judged`;
  }
}
