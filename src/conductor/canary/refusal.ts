import type { Canary } from '../../records/canary.ts';
import { calledNothing, describeFigure } from '../../records/describe-canary.ts';
import { errorKinds, reportSchemaName } from '../../records/report/report-line.ts';
import type { RunRecord } from '../../records/run-record.ts';
import { plural } from '../../util/plural.ts';
import { withoutFullStop } from '../../util/without-full-stop.ts';
import { groupOf } from '../what-helps.ts';

/** Why a run waits whose canary was refused, and how it goes on. */
export function describeRefusal({ id, engine }: Pick<RunRecord, 'id' | 'engine'>, canary: Canary): string {
  const otherRules = `To judge it by other rules: rollcall set ${id} --canary-accept '${proposed(canary)}', then start the command again`;
  return [
    `its canary of ${plural(canary.photos, 'photo')} was refused: ${reasonOf(engine, canary)}`,
    `To go on all the same: rollcall resume ${id} (without a worker, then start the command again)`,
    // Where nothing was judged they do not help.
    ...(canary.judged === 0 ? [] : [otherRules]),
    `All figures: rollcall status ${id}`,
  ].join('. ');
}

function reasonOf(engine: string, canary: Canary): string {
  if (canary.judged === 0) return calledNothing;
  const unmet = canary.rules.filter(({ isMet }) => !isMet);
  const figures = unmet.map(({ name, rule }) => {
    const figure = canary.byStatus[name] ?? canary.byCode[name];
    return `${figure ? describeFigure(name, figure, canary) : name}, where ${rule} is asked`;
  });
  return `${figures.join('; ')}${mostFrequent(engine, canary)}`;
}

/** `. Most frequent: code 5 (28): can not detect face. What helps: …`. */
function mostFrequent(engine: string, { byCode }: Canary): string {
  const [most] = Object.entries(byCode).sort(([, a], [, b]) => b.photos - a.photos);
  if (!most) return '';
  const [code, { photos }] = most;
  const kind = errorKinds.find((one) => one === code);
  const error = kind ? { kind, message: '' } : { kind: 'rejected' as const, code, message: '' };
  const { meaning, remedy } = groupOf({
    ...{ schema: reportSchemaName, run: '', seq: 1, status: 'rejected', engine, error, finishedAt: '' },
  });
  return `. Most frequent: code ${code} (${photos}): ${withoutFullStop(meaning)}. What helps: ${remedy}`;
}

/** Rules that these figures would meet, in whole percent. */
const proposed = ({ rules, judged }: Canary) =>
  rules
    .filter(({ isMet }) => !isMet)
    .map(({ name, photos }) => `${name}<=${Math.ceil((photos / judged) * 100)}%`)
    .join(',');
