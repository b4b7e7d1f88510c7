import { usedRatePerSecond } from '../../account/slot-spacing.ts';
import { templateIdsOf } from '../../conductor/decide.ts';
import { decidePhotos } from '../../conductor/decide-photos.ts';
import { openForgottenPhotos } from '../../conductor/forgotten-photos.ts';
import { openKeptTemplates, openLedgerLookup } from '../../conductor/ledger-lookup.ts';
import type { Settings } from '../../engines/settings.ts';
import { countUnknownSubjects } from '../../ledger/own-forget-list.ts';
import { acceptanceRules } from '../../records/canary.ts';
import { writeRule } from '../../settings/acceptance.ts';
import { firstPhotos } from '../../sources/first-photos.ts';
import { createLeftOutTally, type LeftOutCount } from '../../sources/left-out.ts';
import type { ListedPhoto, Source } from '../../sources/source.ts';
import { subjectKey } from '../../util/subject-id.ts';
import { lookAtPhotos } from '../../worker/preflight/look-at-photos.ts';
import { createPreflight } from '../../worker/preflight/preflight.ts';
import { checkEngineSettings } from '../check-engine-settings.ts';
import { readForgetList } from '../erasure/forget-list.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openPhotoReader, openSourceOf } from '../run-source.ts';
import { type CostForecast, findCostBasis, forecastMoney } from './cost-basis.ts';
import {
  addIdentifications,
  type Counts,
  countOf,
  emptyCounts,
  type ForecastCounts,
  subtractRefused,
} from './forecast-counts.ts';
import { createListLook, type ListFindings } from './list-look.ts';

/** What a run over a source would do, as far as it is known without a call. */
export interface Forecast {
  readonly source: string;
  readonly listed: Pick<Source, 'sameSubject' | 'idsFromPaths' | 'delivered'>;
  readonly counts: ForecastCounts;
  /** Files that the source leaves out. */
  readonly leftOut: LeftOutCount;
  readonly found: ListFindings;
  /** Of `--forget-list`: its ids, and those that are in neither source nor ledger. */
  readonly forgetList?: { readonly subjects: number; readonly unknown: number };
  /** Why the first photos of `counts.failed` fail. */
  readonly firstFailures: readonly FailedRow[];
  /** At the rate of the settings, without retries. */
  readonly durationInMs: number;
  /** Where the calls have a price. */
  readonly money?: CostForecast | undefined;
  /** Of a run with `--canary`. */
  readonly canary?: CanaryForecast | undefined;
}

/** What is called before the rest is. */
export interface CanaryForecast {
  /** Of the sample: as many as were asked for, or all that need a call. */
  readonly photos: number;
  /** All that need a call. */
  readonly of: number;
  /** What it has to meet for the rest to follow by itself: `rejected<=5%`. */
  readonly rules: readonly string[];
  /** What the sample costs, as a part of the whole. */
  readonly money?: CostForecast | undefined;
}

export interface FailedRow {
  readonly seq: number;
  readonly message: string;
}

/** Lists the source as a run would, decides what a run would decide before any call, and counts (`--dry-run`). */
export async function forecastRun(
  rollcall: Pick<Rollcall, 'settings' | 'state' | 'engine' | 'folder' | 's3' | 'faceReader'>,
  {
    source: spec,
    signal,
    onStart,
  }: {
    source: string;
    signal: AbortSignal;
    /** Given the counts before anything is counted; they grow while the source is read. */
    onStart?: (counts: ForecastCounts) => void;
  },
): Promise<Forecast> {
  const { settings, state } = rollcall;
  const source = await openSourceOf(rollcall, spec, settings);
  const { engine, account } = rollcall.engine();
  checkEngineSettings(engine, settings, source);
  const counts = emptyCounts();
  onStart?.(counts);
  const forgetList = new Set((await readForgetList(rollcall, settings, signal)).map(subjectKey));
  const look = createListLook(source, settings);
  const forgotten = new Set<string>();
  const firstFailures: FailedRow[] = [];
  let tally = createLeftOutTally();
  const listed: Listed = (options) => {
    tally = createLeftOutTally();
    return linesOf(source, { ...options, signal, onLeftOut: tally.add });
  };
  const photos = photosToCall(await decisionsOver(rollcall, { source, listed, forgetList, signal }), {
    counts,
    look,
    forgotten,
    firstFailures,
  });
  if (settings.preflight) {
    const { allowPrivate } = settings;
    const reader = openPhotoReader(rollcall, source, { allowPrivate });
    const preflight = createPreflight(await rollcall.faceReader(), { engine: engine.name, settings });
    const looks = lookAtPhotos(photos, { reader, preflight, rules: engine.accepts, settings, signal });
    await subtractRefused(looks, counts).finally(() => reader.close());
  } else for await (const _ of photos);
  const toCall = counts.calls;
  addIdentifications(counts, settings);
  const durationInMs = (counts.calls / usedRatePerSecond(settings.rate)) * 1000;
  const unmatched = [...forgetList].filter((subject) => !forgotten.has(subject));
  return {
    source: source.address,
    listed: source,
    counts,
    leftOut: tally.count(),
    found: look.findings(),
    firstFailures,
    // Who is not in a part of a list may be in the rest.
    ...(forgetList.size > 0 &&
      settings.limit === undefined && {
        forgetList: {
          subjects: forgetList.size,
          unknown: await countUnknownSubjects(state, { engine: engine.name, account, subjects: unmatched }),
        },
      }),
    durationInMs,
    ...(await costs()),
  };

  async function costs(): Promise<Pick<Forecast, 'money' | 'canary'>> {
    const { price } = settings;
    const about = { source: source.address, account, settings };
    const basis = price && (await findCostBasis(state, about));
    const costOf = (ofCounts: ForecastCounts) =>
      price && basis && forecastMoney({ settings, price, counts: ofCounts, basis });
    return { money: costOf(counts), canary: forecastCanary(settings, { counts, toCall, costOf }) };
  }
}

/** Before anything is drawn: what the sample costs on the average. */
function forecastCanary(
  settings: Settings,
  {
    counts,
    toCall,
    costOf,
  }: {
    counts: ForecastCounts;
    toCall: number;
    costOf: (counts: ForecastCounts) => CostForecast | undefined;
  },
): CanaryForecast | undefined {
  if (settings.canary === undefined) return undefined;
  const photos = Math.min(settings.canary, toCall);
  const sample = { ...emptyCounts(), calls: photos, toCompare: Math.min(photos, counts.toCompare) };
  addIdentifications(sample, settings);
  const rules = acceptanceRules(settings.canaryAccept).map(writeRule);
  return { photos, of: toCall, rules, money: costOf(sample) };
}

async function decisionsOver(
  rollcall: Pick<Rollcall, 'settings' | 'state' | 'engine' | 'folder'>,
  {
    source,
    listed,
    forgetList,
    signal,
  }: { source: Source; listed: Listed; forgetList: ReadonlySet<string>; signal: AbortSignal },
): Promise<ReturnType<typeof decidePhotos<ListedLine>>> {
  const { settings, state } = rollcall;
  const { account, engine } = rollcall.engine();
  const { repeat, limit, incremental } = settings;
  const { sameSubject, idsFromPaths = false } = source;
  const lookupSettings = { ...settings, sameSubject, idsFromPaths };
  // Which photo of a subject is enrolled makes a difference only where it may be enrolled already; a pipe is read once.
  const isLast = repeat === 'last' && incremental && source.address !== '-';
  return decidePhotos({
    sameSubject,
    repeat: repeat === 'last' && !isLast ? 'first' : repeat,
    templateIdFor: templateIdsOf(engine.name, source),
    list: () => listed({ limit }),
    forgotten: openForgottenPhotos({ state, engine: engine.name, account, alsoForgotten: forgetList }),
    openKeptTemplates: () => openKeptTemplates({ state, account, engine: engine.name, signal }),
    openLedgerLookup: () =>
      openLedgerLookup({ state, account, engine: engine.name, settings: lookupSettings, signal }),
  });
}

interface ListedLine {
  readonly listed: ListedPhoto;
  readonly line: ListedPhoto & { readonly metadata: undefined; readonly seq: number };
}

type Listed = (options: { limit: number | undefined }) => AsyncGenerator<ListedLine[]>;

async function* linesOf(
  source: Source,
  options: Parameters<typeof firstPhotos>[1],
): AsyncGenerator<ListedLine[]> {
  let seq = 0;
  for await (const listed of firstPhotos(source, options)) {
    seq += 1;
    yield [{ listed, line: { ...listed, metadata: undefined, seq } }];
  }
}

async function* photosToCall(
  decided: ReturnType<typeof decidePhotos<ListedLine>>,
  {
    counts,
    look,
    forgotten,
    firstFailures,
  }: {
    counts: Counts;
    look: Pick<ReturnType<typeof createListLook>, 'add'>;
    /** Gets the subjects that are listed and forgotten. */
    forgotten: Set<string>;
    firstFailures: FailedRow[];
  },
): AsyncGenerator<ListedPhoto> {
  for await (const batch of decided) {
    for (const { photo, decision } of batch) {
      const { sizeInBytes } = photo.listed;
      counts.photos += 1;
      look.add(photo.listed, photo.line.seq);
      if (decision.kind === 'feed' || decision.kind === 'feed-after') {
        counts.calls += 1;
        if (decision.known) counts.toCompare += 1;
        if (decision.otherFolder) counts.otherFolder += 1;
        yield photo.listed;
      } else if (decision.kind === 'settle') {
        const { error, reason } = decision.outcome;
        if (reason === 'forgotten') forgotten.add(subjectKey(photo.listed.subjectId ?? ''));
        counts[countOf(decision.outcome)] += 1;
        if (error && firstFailures.length < failuresShown)
          firstFailures.push({ seq: photo.line.seq, message: error.message });
      }
      if (sizeInBytes === undefined) counts.unknownSizes += 1;
      counts.sizeInBytes += sizeInBytes ?? 0;
    }
  }
}

/** More are in the report of a run. */
const failuresShown = 3;
