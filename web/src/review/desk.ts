import type { Decision } from '../../../src/records/decisions/decision.ts';

/** What a reviewer chooses for one photo; name and time come with sending. */
export type Choice = Pick<Decision, 'seq' | 'action' | 'reason' | 'upload' | 'edit'>;

/** What is known of the decisions of a run, here and at the server. */
export interface Desk {
  /** By seq: the newest, as the server last said, with this page's own on top. */
  readonly decided: ReadonlyMap<number, Choice & { readonly by?: string }>;
  /** Not sent yet, one a photo. */
  readonly waiting: readonly Choice[];
  /** On their way. */
  readonly sending: readonly Choice[];
  /** What stood before each of this page's decisions, the latest last. */
  readonly undo: readonly Choice[];
  /** Why the last sending failed. */
  readonly problem?: string | undefined;
}

export type DeskEvent =
  | { readonly kind: 'loaded'; readonly decisions: readonly Decision[] }
  | { readonly kind: 'chosen'; readonly choices: readonly Choice[] }
  | { readonly kind: 'undone' }
  /** Of those that wait: more may have been chosen since they were put together. */
  | { readonly kind: 'sent'; readonly choices: readonly Choice[] }
  | { readonly kind: 'saved'; readonly decisions: readonly Decision[] }
  | { readonly kind: 'failed'; readonly problem: string };

export const emptyDesk: Desk = { decided: new Map(), waiting: [], sending: [], undo: [] };

/**
 * A decision stands on the page at once and is sent with all that wait, so that whoever decides never waits. It counts
 * as saved when the server says so; what failed waits again.
 */
export function deskAfter(desk: Desk, event: DeskEvent): Desk {
  switch (event.kind) {
    case 'loaded':
      return { ...desk, decided: withOwn(event.decisions, [...desk.sending, ...desk.waiting]) };
    case 'chosen':
      return choose(desk, event.choices, [
        ...desk.undo,
        ...event.choices.map(({ seq }) => standing(desk, seq)),
      ]);
    case 'undone': {
      const last = desk.undo.at(-1);
      return last ? choose(desk, [last], desk.undo.slice(0, -1)) : desk;
    }
    case 'sent':
      return {
        ...desk,
        sending: event.choices,
        waiting: desk.waiting.filter((choice) => !event.choices.includes(choice)),
      };
    case 'saved':
      return {
        ...desk,
        decided: withOwn(event.decisions, desk.waiting, desk.decided),
        sending: [],
        problem: undefined,
      };
    case 'failed':
      return {
        ...desk,
        sending: [],
        waiting: onePerPhoto([...desk.sending, ...desk.waiting]),
        problem: event.problem,
      };
  }
}

const choose = (desk: Desk, choices: readonly Choice[], undo: readonly Choice[]): Desk => ({
  ...desk,
  decided: withOwn([], choices, desk.decided),
  waiting: onePerPhoto([...desk.waiting, ...choices]),
  undo,
});

const standing = ({ decided }: Desk, seq: number): Choice => {
  const { by: _by, ...choice } = decided.get(seq) ?? { seq, action: 'undecided' as const };
  return choice;
};

function withOwn(
  decisions: readonly Decision[],
  own: readonly Choice[],
  before: Desk['decided'] = new Map(),
): Desk['decided'] {
  const decided = new Map<number, Choice & { readonly by?: string }>(before);
  for (const { seq, action, reason, upload, edit, by } of decisions)
    decided.set(seq, {
      ...{ seq, action, by },
      ...(reason !== undefined && { reason }),
      ...(upload !== undefined && { upload }),
      ...(edit !== undefined && { edit }),
    });
  for (const choice of own) decided.set(choice.seq, choice);
  return decided;
}

/** The latest of each. */
const onePerPhoto = (choices: readonly Choice[]) => [
  ...new Map(choices.map((one) => [one.seq, one])).values(),
];

/** How many photos have which decision; `undecided` are none. */
export function countDecisions({ decided }: Desk): ReadonlyMap<Choice['action'], number> {
  const counts = new Map<Choice['action'], number>();
  for (const { action } of decided.values())
    if (action !== 'undecided') counts.set(action, (counts.get(action) ?? 0) + 1);
  return counts;
}

/** Whether all that was chosen here is safe. */
export const isSaved = ({ waiting, sending }: Desk) => waiting.length === 0 && sending.length === 0;
