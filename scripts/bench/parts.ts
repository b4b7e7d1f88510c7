/** How large what is measured is. */
export interface Sizes {
  /** As in the table of docs/benchmarks.md; else a size that takes a minute at most. */
  readonly full: boolean;
  readonly photos: number | undefined;
  readonly rows: number | undefined;
}

/** A figure by its name, or why there is none. */
export type Figures = Readonly<Record<string, number | string>>;

/** One of the benchmarks that `npm run bench` puts together. Each is a script of its own, and says more. */
export interface Part {
  readonly title: string;
  /** Beside this file. */
  readonly script: string;
  readonly args: (sizes: Sizes) => readonly (string | number)[];
  readonly read: (output: string) => Figures;
  /**
   * What it measures: the program that was built; functions of the sources, with which this commit's script is compiled; or
   * nothing that another commit has otherwise.
   */
  readonly of: 'program' | 'sources' | 'neither';
  /** It takes minutes, and is left out unless it is named or all is asked for. */
  readonly isLong?: true;
}

/** Figures of a JSON object: the name of each, by its key. */
const fromJson = (names: Readonly<Record<string, string>>) => (output: string) => {
  const found = JSON.parse(output);
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [name, found[key] ?? 'not measured']));
};

const wayOfAPhoto = (queue: string): Part => ({
  title: `Photos of 100 kB, queue: ${queue}`,
  script: 'photos',
  args: ({ full, photos = full ? 12_000 : 2_000 }) => ['--queue', queue, '--photos', photos],
  read: fromJson({
    receiver: 'receiver',
    loopPerSecond: 'raw loop: photos/s',
    loopInMs: 'raw loop: ms of processor time a photo',
    onePerSecond: 'one process: photos/s',
    oneOfLoop: 'one process: of the raw loop',
    oneInMs: 'one process: ms of processor time a photo',
    oneStoreInMs: "one process: ms of the queue's server a photo",
    twoPerSecond: 'two processes: photos/s',
    twoOfLoop: 'two processes: of the raw loop',
    twoInMs: 'two processes: ms of processor time a photo',
    twoStoreInMs: "two processes: ms of the queue's server a photo",
  }),
  of: 'program',
});

/** By the names for `--only`. */
export const parts: Readonly<Record<string, Part>> = {
  redis: wayOfAPhoto('redis'),
  embedded: wayOfAPhoto('embedded'),
  night: {
    title: 'A night in which little changed',
    script: 'incremental',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--rows', rows, '--changed', rows / 1_000],
    read: fromJson({
      secondsToFirstCall: 's until the first call',
      seconds: 's in all',
      peakMemoryInMB: 'MB at the peak',
    }),
    of: 'program',
  },
  'first-call': {
    title: 'From enqueuing ten photos to the first call of a worker that runs already, medians of ten',
    script: 'first-call',
    args: () => [],
    read(output) {
      const found = JSON.parse(output) as Record<string, Record<string, number>>;
      return Object.fromEntries(
        Object.entries(found).flatMap(([queue, figures]) => [
          [`${queue}: ms`, figures.medianInMs ?? Number.NaN],
          [`${queue}: ms, the longest`, figures.longestInMs ?? Number.NaN],
          [
            `${queue}: ms of processor time a second while there is nothing to do`,
            figures.idleInMsPerSecond ?? Number.NaN,
          ],
        ]),
      );
    },
    of: 'program',
  },
  rows: {
    title: 'A first run over many rows',
    script: 'rows',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--rows', rows],
    read: fromJson({
      secondsToFirstCall: 's until the first call',
      rowsPerSecond: 'rows/s',
      processorSeconds: 's of processor time',
      peakMemoryInMB: 'MB at the peak',
    }),
    of: 'program',
  },
  listing: {
    title: 'Calls while a long list is read, at --rate 200, embedded queue',
    script: 'rows',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--rows', rows, '--while-listing'],
    read: fromJson({
      secondsOfListing: 's of listing',
      callsPerSecondWhileListing: 'calls/s meanwhile',
      callsPerSecondAfter: 'calls/s in the 20 s after',
    }),
    of: 'program',
  },
  inventory: {
    title:
      'The same objects by an S3 Inventory (CSV, Parquet) and by a listing, from a store that answers at once',
    script: 'inventory',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--rows', rows],
    read(output) {
      const { ways } = JSON.parse(output) as { ways: Record<string, Record<string, number>> };
      const figures: Record<string, number> = {};
      for (const [way, found] of Object.entries(ways)) {
        figures[`${way}: s until the first call`] = found.secondsToFirstCall ?? Number.NaN;
        figures[`${way}: rows/s`] = found.rowsPerSecond ?? Number.NaN;
        figures[`${way}: s of processor time`] = found.processorSeconds ?? Number.NaN;
        figures[`${way}: MB at the peak`] = found.peakMemoryInMB ?? Number.NaN;
      }
      return figures;
    },
    of: 'sources',
  },
  slopes: {
    title: 'A long run, in ten slices',
    script: 'slopes',
    args: ({ full, photos = full ? 100_000 : 10_000 }) => ['--photos', photos],
    read(output) {
      const { slices, slopeInMs, slopeInMB } = JSON.parse(output);
      const [first, last] = [slices[1], slices.at(-2)];
      return {
        'second slice: ms of processor time a photo': first.inMs,
        'ninth slice: ms of processor time a photo': last.inMs,
        'from slice to slice: ms': slopeInMs,
        'second slice: MB': first.memoryInMB,
        'ninth slice: MB': last.memoryInMB,
        'from slice to slice: MB': slopeInMB,
      };
    },
    of: 'program',
  },
  peers: {
    title: 'Other ways to send photos of 100 kB',
    script: 'peers',
    args: ({ full, photos = full ? 2_000 : 500 }) => ['--photos', photos],
    read(output) {
      const { receiver, ways } = JSON.parse(output) as {
        receiver: string;
        ways: Record<string, Record<string, number> | string>;
      };
      const figures: Record<string, number | string> = { receiver };
      for (const [way, found] of Object.entries(ways)) {
        if (typeof found === 'string') figures[way] = found;
        else {
          figures[`${way}: photos/s`] = found.perSecond ?? Number.NaN;
          figures[`${way}: ms of processor time a photo`] = found.inMs ?? Number.NaN;
        }
      }
      return figures;
    },
    of: 'neither',
  },
  sending: {
    title: 'A call with a photo of 100 kB, 50 in flight, to a receiver that reads it whole',
    script: 'multipart',
    args: () => [],
    read: (output) => JSON.parse(output),
    of: 'neither',
  },
  faces: {
    title: 'The local engine, one thread',
    script: 'faces',
    args: () => ['--threads', 1, '--changed', 0],
    read(output) {
      const figures: Record<string, number> = {};
      for (const [row, kind] of output.matchAll(/^\| (one face|one sharp face) \|.*$/gm)) {
        const [, , photos, right, , , median] = row.split('|').map(Number);
        figures[`${kind}: ms a photo, median`] = median ?? Number.NaN;
        figures[`${kind}: right counts of ${photos}`] = right ?? Number.NaN;
      }
      return figures;
    },
    of: 'sources',
    isLong: true,
  },
  'inbox-day': {
    title: 'A day of an inbox: photos come one by one, and it is rolled over all the while',
    script: 'inbox-day',
    args: ({ full, photos = full ? 100_000 : 5_000 }) => [
      '--photos',
      photos,
      '--roll',
      `${Math.max(2, photos / 5_000)}s`,
    ],
    read: fromJson({
      runs: 'runs',
      takenIn: 's until all are taken in',
      wholeDay: 's until all have their outcome',
      addingPeakInMB: 'MB at the peak of the process that takes in',
      workerPeakInMB: 'MB at the peak of the worker',
      listsInMB: "MB of the inbox's lists",
      listBytesPerPhoto: 'bytes of them a photo',
      runsInMB: 'MB of runs, with their reports',
      runBytesPerPhoto: 'bytes of them a photo',
      statusLines: 'lines of status',
      statusSeconds: 's of status',
      nextSeconds: 's until the next process has taken one in',
      nextPeakInMB: 'MB at its peak',
    }),
    of: 'sources',
    isLong: true,
  },
  lines: {
    title: 'What people look at after a run: HTML report, lines by status, code and text',
    script: 'lines',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--lines', rows],
    read: fromJson({
      htmlSeconds: 's to make the HTML report',
      htmlInMB: 'MB of HTML',
      htmlPeakInMB: 'MB at the peak while it is made',
      drawnSeconds: 's until Chromium has drawn it',
      drawnHeapInMB: 'MB of its heap in Chromium',
      firstPageSeconds: 's to the first page of lines',
      indexSeconds: 's to make the index',
      codeSeconds: 's to the dead letters of a code, by the index',
      textSeconds: 's to look for a text in all lines',
      longestCallSeconds: 's of the longest call',
    }),
    of: 'neither',
  },
  coverage: {
    title: 'Who of a list of people has no template, beside a ledger of twice as many',
    script: 'coverage',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--people', rows],
    read: fromJson({ seconds: 's in all', peakMemoryInMB: 'MB at the peak' }),
    of: 'sources',
  },
  audit: {
    title: 'Whom an audit asks about, and its second look: the ledger read four times, no call',
    script: 'audit',
    args: ({ full, rows = full ? 1_000_000 : 100_000 }) => ['--subjects', rows],
    read: fromJson({
      chooseSeconds: 's of a processor to choose 2,000',
      choosePeakInMB: 'MB at the peak of that',
      allSeconds: 's of a processor to write down all',
      concludeSeconds: 's of a processor for the second look and the lines of all',
      peakMemoryInMB: 'MB at the peak of all',
    }),
    of: 'sources',
  },
  serve: {
    title: 'A run at full speed with rollcall serve and an open page beside it, queue: redis',
    script: 'serve-beside',
    args: ({ full, photos = full ? 12_000 : 4_000 }) => ['--photos', photos],
    read: fromJson({
      lostShare: 'share of the pace that is lost',
      serverOfACore: 'cores that the server takes',
    }),
    of: 'neither',
  },
  memory: {
    title: 'Ten photos of 100 megapixels that have to be turned, 16 at once',
    script: 'giant-photos',
    args: () => [],
    read: fromJson({ peakMemoryInMB: 'MB at the peak', seconds: 's in all' }),
    of: 'program',
    isLong: true,
  },
};
