import type { PhotoFault } from '../engines/engine.ts';
import { foreseeVerdict, meaningOfCode } from '../engines/registry.ts';
import type { ReportLine } from '../records/report/report-line.ts';

type ErrorKind = NonNullable<ReportLine['error']>['kind'];

/** What helps where photos end in one way, by the kind of their error. */
const remedies = {
  rejected:
    'look at some of these photos; if they are fine, ask the vendor what the code means for this account',
  unavailable:
    'check that the engine runs and takes photos of this kind, and raise --max-attempts or --timeout',
  photo: 'check that the files are there, may be read and are photos',
  manifest: 'correct the list',
  collision: 'give each person an id of their own (--id-from, or in the list)',
  preflight: 'look at some of these photos, or leave --preflight out',
  implausible:
    'ask whoever runs the engine, or what stands between (a proxy, a cache), why different people get one template',
  crashed: 'a fault of the program: please report it',
} as const satisfies Record<ErrorKind, string>;

/** The same for what an engine refuses a photo for. */
const remediesOfFaults = {
  undecodable: 'open some of these files; replace those that show no picture',
  'no-face': 'photos that show the whole face from the front, upright and well lit',
  'several-faces': 'cut the photos down to the one person',
  'face-too-small': 'photos with a larger face, of 200 x 200 pixels or more',
} as const satisfies Record<PhotoFault, string>;

/** What helps where many photos end as this one did. */
export const remedyOf = ({ error }: ReportLine): string =>
  error ? remedies[error.kind] : 'see whom they were taken for, and raise --threshold if they are others';

/** Dead letters that ended in one way. */
export interface LetterGroup {
  /** The engine's code, else the kind of the error, else the status. */
  readonly name: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** How a dead letter ended, what that means and what helps. */
export function groupOf(line: ReportLine): LetterGroup {
  const { status, engine, error } = line;
  const code = error?.code;
  const fault = code === undefined ? undefined : faultOf(engine, code);
  return {
    name: code ?? error?.kind ?? status,
    meaning:
      (code === undefined ? undefined : meaningOfCode({ engine, code })) ??
      meanings[error?.kind ?? 'duplicate'],
    remedy: fault ? remediesOfFaults[fault] : remedyOf(line),
  };
}

const meanings = {
  rejected: 'the engine refused the photo; its page does not have this code',
  unavailable: 'the engine gave no answer that could be read',
  photo: 'the photo could not be read',
  manifest: 'the row of the list gives no photo',
  collision: 'another photo or person has the same id',
  preflight: 'the local face models would refuse it',
  implausible: 'the engine gave the template of somebody else',
  crashed: 'the program failed on this photo',
  duplicate: 'the person is enrolled under another id',
} as const satisfies Record<ErrorKind | 'duplicate', string>;

const faults = Object.keys(remediesOfFaults) as PhotoFault[];

/** What a code says of a photo, where the engine has one for that; of several the first. */
const faultOf = (engine: string, code: string): PhotoFault | undefined =>
  faults.find((fault) => foreseeVerdict({ engine, fault, settings: allChecks })?.code === code);

/** So that an engine foresees whatever it could be asked to look for. */
const allChecks = { validateNface: true };
