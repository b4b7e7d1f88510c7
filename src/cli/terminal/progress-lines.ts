import type { RateLimiterSnapshot } from '../../account/rate-limiter.ts';
import type { RunProgress } from '../../conductor/conducting.ts';
import type { Money } from '../../records/money.ts';
import { formatDuration } from '../../settings/durations.ts';
import { plural } from '../../util/plural.ts';
import { showInvisible } from '../../util/show-invisible.ts';
import { show } from '../text/describe-money.ts';
import { cut, type Span, widthOf } from '../text/spans.ts';

/** What a run shows while it goes on. */
export interface ProgressView {
  readonly progress: RunProgress;
  readonly limiter: RateLimiterSnapshot;
  /** Photos a second over the last half minute. */
  readonly donePerSecond: number;
  /** Calls a second over the last few seconds, of all processes. */
  readonly callsPerSecond: number;
  readonly elapsedInMs: number;
  readonly now: Date;
  /** Since the run last said how it goes, which it does every second. */
  readonly silentForInMs: number;
  /** What a code of its engine means. */
  readonly meaningOf: (code: string) => string | undefined;
}

/** Milliseconds until all that is listed is done; undefined where nothing moves. While the list grows: the least. */
export function timeLeft({ progress: { listed, done }, donePerSecond }: ProgressView): number | undefined {
  if (done >= listed) return 0;
  return donePerSecond > 0 ? ((listed - done) / donePerSecond) * 1000 : undefined;
}

/** Why the run waits: all that is known, and what matters of it; undefined where it does not. */
export function waitOf({
  limiter: { message, brief = message, cause },
  silentForInMs,
}: ProgressView): { message: string; brief: string; cause?: string | undefined } | undefined {
  if (silentForInMs > longestSilenceInMs) {
    const silence = `Queue or state do not answer for ${formatDuration(silentForInMs)}; trying again`;
    return { message: silence, brief: silence };
  }
  return message === undefined || brief === undefined ? undefined : { message, brief, cause };
}

const longestSilenceInMs = 5_000;

/** The two lines of a terminal so many columns wide: how far, and what matters now. */
export function progressLines(view: ProgressView, columns: number): [Span[], Span[]] {
  return [firstLine(view, columns), secondLine(view, columns)];
}

/** One line without a bar, for a log. */
export function progressText(view: ProgressView): string {
  const matters = mattersNow(view).map(({ textFor }) => textFor(Number.POSITIVE_INFINITY));
  return [...formsOf(view).map(([text = '']) => text), ...matters].join(', ');
}

const widestBar = 30;
const narrowestBar = 3;
const barBefore = 10;

/** As much as fits of: bar, done of total, pace of rate, elapsed, finish. Every part shrinks before one is left out. */
function firstLine(view: ProgressView, columns: number): Span[] {
  const parts = formsOf(view);
  const pick = (level: number) => parts.map((forms) => forms[Math.min(level, forms.length - 1)] ?? '');
  const levels = [
    { texts: pick(0), gap: '  ', leastBar: barBefore },
    { texts: pick(1), gap: '  ', leastBar: narrowestBar * 2 },
    { texts: pick(2), gap: ' ', leastBar: narrowestBar },
  ];
  const fitting = levels.find(
    ({ texts, gap, leastBar }) => widthOf(texts.join(gap)) + gap.length + leastBar <= columns,
  );
  const { texts, gap } = fitting ?? { texts: pick(2), gap: ' ' };
  const text = texts.join(gap);
  const barWidth = Math.min(widestBar, columns - widthOf(text) - gap.length);
  if (barWidth < narrowestBar) return [{ text: cut(text, columns) }];
  return [...bar(view.progress, barWidth), { text: gap + text }];
}

function bar({ listed, done, listingEnded }: RunProgress, width: number): Span[] {
  const share = listingEnded && listed > 0 ? done / listed : 0;
  const filled = listingEnded && done >= listed ? width : Math.min(width - 1, Math.floor(share * width));
  return [
    { text: '\u2501'.repeat(filled), style: 'green' },
    { text: '\u2500'.repeat(width - filled), style: 'gray' },
  ];
}

/** The parts of the first line, each from its long to its short form. */
function formsOf(view: ProgressView): string[][] {
  const { progress, limiter, elapsedInMs } = view;
  const { listed, done, listingEnded } = progress;
  const percent = listed > 0 ? Math.floor((done / listed) * 100) : listingEnded ? 100 : 0;
  const pace = view.callsPerSecond;
  const limit = Number(limiter.ratePerSecond.toFixed(1));
  const elapsed = formatDuration(elapsedInMs);
  return [
    listingEnded
      ? [`${done} of ${listed} (${percent} %)`, `${done}/${listed} ${percent}%`]
      : [`${done} of ${listed}, listing`, `${done}/${listed} listing`],
    [`${pace.toFixed(1)} of ${limit}/s`, ...(pace >= 100 ? [`${Math.floor(pace)} of ${limit}/s`] : [])],
    [`${elapsed} so far`, elapsed],
    finishForms(view),
  ].filter((forms) => forms.length > 0);
}

function finishForms(view: ProgressView): string[] {
  const { progress, now } = view;
  const left = timeLeft(view);
  if (left === undefined || (left === 0 && progress.done === 0)) return [];
  const time = formatDuration(left);
  const at = clockTime(new Date(now.getTime() + left), now);
  return progress.listingEnded
    ? [`done at ${at}, ${time} left`, `${at}, ${time} left`, `${at} (${time})`]
    : [`not before ${at}, at least ${time} left`, `at least ${at}, ${time} left`, `>${at} (${time})`];
}

const dayInMs = 86_400_000;

/** `17:42`; within a week `Sun 17:42`; else the date. */
function clockTime(at: Date, now: Date): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (at.toDateString() === now.toDateString()) return time;
  if (at.getTime() - now.getTime() < 6 * dayInMs)
    return `${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][at.getDay()]} ${time}`;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`;
}

interface Matter {
  /** As much as fits in so many columns; at the narrowest it may be wider. */
  readonly textFor: (columns: number) => string;
  readonly style?: Span['style'];
}

/** The first that there is, and of the others what fits beside it. */
function secondLine(view: ProgressView, columns: number): Span[] {
  const [first, ...others] = mattersNow(view);
  if (!first) return [{ text: cut('no dead letters, no retries', columns), style: 'gray' }];
  const spans: Span[] = [{ text: cut(first.textFor(columns), columns), style: first.style }];
  let left = columns - widthOf(spans[0]?.text ?? '') - gapInColumns;
  for (const { textFor, style } of others) {
    const text = textFor(left);
    if (widthOf(text) > left) break;
    spans.push({ text: ' '.repeat(gapInColumns) }, { text, style });
    left -= widthOf(text) + gapInColumns;
  }
  return spans;
}

const gapInColumns = 2;

/** In the order in which it matters. */
function mattersNow(view: ProgressView): Matter[] {
  const { progress, limiter } = view;
  const { deadLetters, retries } = progress;
  const wait = waitOf(view);
  const always = (text: string) => ({ textFor: () => text });
  return [
    ...(wait ? [{ textFor: (columns: number) => waitText(wait, columns), style: 'yellow' as const }] : []),
    ...canaryMatter(progress),
    ...(deadLetters > 0
      ? [{ textFor: (columns: number) => failureText(view, columns), style: 'red' as const }]
      : []),
    ...(retries > 0 ? [always(plural(retries, 'retry', 'retries'))] : []),
    ...(progress.money ? [always(moneyText(progress.money))] : []),
    ...(limiter.heldByConcurrency ? [always('limited by --concurrency')] : []),
  ];
}

/** `12.34 of about 42.10`; of a budget what it is. */
function moneyText({ soFar, forecast, budget }: Money): string {
  const of = forecast ? ` of about ${forecast.expected}` : '';
  return `${show(soFar)}${of} spent${budget === undefined ? '' : `, budget ${show(budget)}`}`;
}

/** That nothing else is called yet, or why nothing is. */
function canaryMatter({ canary }: RunProgress): Matter[] {
  if (canary?.state !== 'listing' && canary?.state !== 'running') return [];
  const { state, asked, photos, done } = canary;
  const [long, short] =
    state === 'listing'
      ? [`the canary of ${plural(asked, 'photo')} waits for the whole list`, 'canary waits for the list']
      : [
          `canary: ${done} of ${plural(photos, 'photo')}, the rest waits for it`,
          `canary: ${done} of ${photos}`,
        ];
  return [{ textFor: (columns) => (widthOf(long) <= columns ? long : short), style: 'yellow' }];
}

const fewestForCause = 12;

function waitText(
  { message, brief, cause }: NonNullable<ReturnType<typeof waitOf>>,
  columns: number,
): string {
  const [whole, short] = [showInvisible(message), showInvisible(brief)];
  if (widthOf(whole) <= columns) return whole;
  if (cause === undefined || columns - widthOf(short) < fewestForCause) return short;
  return cut(`${short} (${showInvisible(cause)})`, columns);
}

const codesNamed = 3;

/** `12 dead letters: 8 x 5 (can not detect face), 3 x duplicate`: as many codes as fit, with their meaning if it does. */
function failureText({ progress, meaningOf }: ProgressView, columns: number): string {
  const { deadLetters, byCode, byStatus } = progress;
  const counts = Object.entries({
    ...byCode,
    ...(byStatus.duplicate && { duplicate: byStatus.duplicate }),
  }).sort(([, a], [, b]) => b - a);
  const write = (named: number, hasMeanings: boolean) => {
    const codes = counts.slice(0, named).map(([code, count]) => {
      const meaning = hasMeanings ? meaningOf(code) : undefined;
      return `${count} x ${code}${meaning === undefined ? '' : ` (${meaning})`}`;
    });
    const more = counts.length > named ? ', …' : '';
    return showInvisible(`${plural(deadLetters, 'dead letter')}: ${codes.join(', ')}${more}`);
  };
  const fewer = Array.from({ length: Math.min(codesNamed, counts.length) }, (_, index) => codesNamed - index);
  const texts = [true, false].flatMap((hasMeanings) => fewer.map((named) => write(named, hasMeanings)));
  return texts.find((text) => widthOf(text) <= columns) ?? texts.at(-1) ?? plural(deadLetters, 'dead letter');
}
