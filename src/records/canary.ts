import { z } from 'zod';
import { type AcceptanceRule, acceptance, writeRule } from '../settings/acceptance.ts';
import { binomialInterval } from '../util/binomial.ts';
import { roundTo } from '../util/round-to.ts';
import type { Tally } from './report/report-tally.ts';

const figureSchema = z.object({
  photos: z.number(),
  /** Of those that were judged, 0 to 1. */
  share: z.number(),
  /** Between these shares lies that of all photos that need a call, by the exact binomial interval of 95 %. */
  low: z.number(),
  high: z.number(),
});
export type CanaryFigure = z.infer<typeof figureSchema>;

/** The canary of a run as `run.json` has it: photos from all over the list that are called before the rest is. */
export const canarySchema = z.object({
  /**
   * `listing`: the list has to be whole first. `running`: its photos are called, no others. `accepted`: the rest goes on.
   * `refused`: the run is paused, also where no photo of the sample needed a call in the end. `cancelled`: the run was, before the canary was judged.
   */
  state: z.enum(['listing', 'running', 'accepted', 'refused', 'cancelled']),
  /** Photos that were asked for. */
  asked: z.number(),
  /** Photos of the sample: fewer where no more need a call. 0 while listing. */
  photos: z.number(),
  /** Photos of the list that needed a call when the sample was drawn. */
  of: z.number(),
  /** Parts of the list by folder, from each of which there is a photo at least. */
  folders: z.number(),
  /** Photos of the sample that have their line. */
  done: z.number(),
  /** Those of them that did not turn out to need no call: what the figures are of. */
  judged: z.number(),
  /** Calls that they took, of every kind. */
  calls: z.number(),
  byStatus: z.record(z.string(), figureSchema),
  /** By the engine's code, else by the kind of the error. */
  byCode: z.record(z.string(), figureSchema),
  /** What it is accepted by, such as `rejected<=5%` of the name `rejected`. */
  rules: z.array(z.object({ rule: z.string(), name: z.string(), photos: z.number(), isMet: z.boolean() })),
  /** Of an accepted one: its figures, or somebody who has seen them. */
  acceptedBy: z.enum(['figures', 'user']).optional(),
});
export type Canary = z.infer<typeof canarySchema>;

/** What is asked of a canary where nobody says otherwise. */
export const usualAcceptance = 'rejected<=5%,duplicate<=5%,failed<=1%';

/** The given rules, and the usual one of each status that they do not name. */
export function acceptanceRules(given: readonly AcceptanceRule[] = []): AcceptanceRule[] {
  const named = new Set(given.map(({ name }) => name));
  return [...given, ...acceptance.read.parse(usualAcceptance).filter(({ name }) => !named.has(name))];
}

/**
 * What the lines of a sample's photos say of it, and whether that is accepted. Lines of other photos may be `cancelled`
 * alone.
 */
export function judgeCanary({
  asked,
  sample: { photos, of, folders },
  tally,
  accept,
}: {
  asked: number;
  sample: Pick<Canary, 'photos' | 'of' | 'folders'>;
  tally: Tally;
  accept: readonly AcceptanceRule[] | undefined;
}): Canary {
  const { cancelled, ...byStatus } = tally.byStatus;
  const done = tally.total - cancelled;
  const judged = done - byStatus.skipped;
  const figuresOf = (counts: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(counts).flatMap(([name, photos]) =>
        photos === 0 || name === 'skipped' ? [] : [[name, figureOf(photos, judged)]],
      ),
    );
  const rules = acceptanceRules(accept).map((rule) => {
    const count = countOf(Object.hasOwn(byStatus, rule.name) ? byStatus : tally.byCode, rule.name);
    return { rule: writeRule(rule), name: rule.name, photos: count, isMet: meets(rule, count, judged) };
  });
  // Of no call nothing was learned, unless there is nothing else to call.
  const isProven = judged > 0 || photos === of;
  const isAccepted = isProven && rules.every(({ isMet }) => isMet);
  const isDone = done >= photos;
  return {
    state: !isDone ? 'running' : isAccepted ? 'accepted' : 'refused',
    asked,
    photos,
    of,
    folders,
    done,
    judged,
    calls: tally.calls,
    byStatus: figuresOf(byStatus),
    byCode: figuresOf(tally.byCode),
    rules,
    ...(isDone && isAccepted && { acceptedBy: 'figures' as const }),
  };
}

const countOf = (counts: Readonly<Record<string, number>>, name: string) =>
  Object.hasOwn(counts, name) ? (counts[name] ?? 0) : 0;

function figureOf(photos: number, judged: number): CanaryFigure {
  const { low, high } = binomialInterval({ hits: photos, of: judged });
  return {
    photos,
    share: roundTo(photos / judged, 5),
    low: roundTo(low, 5, 'down'),
    high: roundTo(high, 5, 'up'),
  };
}

function meets({ most, isBelow }: AcceptanceRule, photos: number, judged: number): boolean {
  if (photos === 0) return true;
  // In whole photos: 5 % of 200 are 10, whatever the binary fraction of 5 % is.
  const limit = 'count' in most ? most.count : Number((most.share * judged).toPrecision(12));
  return isBelow ? photos < limit : photos <= limit;
}
