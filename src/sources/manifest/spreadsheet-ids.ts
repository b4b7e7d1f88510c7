import type { Warning } from '../../util/warning.ts';

/** What is wrong with an id, or may be. */
export type IdVerdict = { readonly problem: string } | { readonly warning: Warning } | undefined;

/** What the first look at a column has found. */
interface Evidence {
  /** Ids of each kind of damage. */
  readonly counts: ReadonlyMap<Kind, number>;
  /** The forms (`formOf`) of the other ids: the plain ones. */
  readonly plainForms: ReadonlySet<string>;
  /** The most digits of an id of digits that begins with a zero; 0: there is none. */
  readonly digitsWithZero: number;
  /** Whether there is a number with more digits than a spreadsheet keeps. */
  readonly hasExactNumber: boolean;
}

interface Asked {
  readonly id: string;
  readonly form: string;
  /** Ids of this kind, as far as they are seen, this one too. */
  readonly alike: number;
  /** Whether there are others. */
  readonly isAmongOthers: boolean;
  readonly evidence: Evidence;
}

/** A kind of damage that programs for tables do to ids. */
interface Kind {
  readonly pattern: RegExp;
  readonly warning: Warning;
  /** For the message: `subject id "3-Jan" looks like …`. */
  readonly looksLike: string;
  /** Whether the column shows that it is damage and no id. */
  readonly isShown: (asked: Asked) => boolean;
  /** Whether it is worth a warning where the column shows nothing; default: always. */
  readonly isOdd?: (asked: Asked) => boolean;
}

/** Short names of months in some languages of spreadsheets. */
const monthNames =
  'Jan|Feb|Febr|Mar|Mrz|März|Mär|Apr|May|Mai|Mei|Jun|Jul|Aug|Ago|Agu|Sep|Sept|Oct|Okt|Nov|Dec|Dez|Des|Dic|Ene|Abr|Mag|Giu|Lug|Set|Ott|Janv|Févr|Avr|Juin|Juil|Août|Déc|Fev|Out';
const months = `${monthNames}|${monthNames.toLowerCase()}|${monthNames.toUpperCase()}`;
const day = '(?:0?[1-9]|[12]\\d|3[01])';
const month = '(?:0?[1-9]|1[0-2])';
/** Written like this, month first, it is a spreadsheet's: `SET-01` is an id. */
const shortMonths = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';

/** Others of the same form that are no damage: `1A5` beside `1E5`, `Smith` beside `Null`. */
const isCommon = ({ form, evidence }: Asked) => evidence.plainForms.has(form);
const isOfItsOwn = (asked: Asked) => !isCommon(asked) && (asked.alike > 1 || asked.isAmongOthers);

const missing: Kind = {
  pattern:
    /^(?:[(<[]?(?:NULL|Null|null)[)>\]]?|\\N|[Nn]\/[Aa]|NA|NaN|nan|None|nil|undefined|NaT|<NA>|\[object Object\]|\((?:blank|empty)\)|0x)$/u,
  warning: 'id-like-missing',
  looksLike: 'what a program writes where there is no value',
  // A person called Null is there once, as a rule; a second one is a second empty cell.
  isShown: (asked) => asked.alike > 1 || isOfItsOwn(asked),
};

const date: Kind = {
  pattern: new RegExp(
    `^\\d{1,2}[-. /]{1,2}(?:${months})\\.?(?:[-. /]\\d{2}(?:\\d{2})?)?$|^(?:${shortMonths})-\\d\\d$|` +
      `^(?:${day}([./-])${month}\\1|${month}([./-])${day}\\2)(?:19|20)\\d\\d$|` +
      '^(?:19|20)\\d\\d-\\d\\d-\\d\\d(?:[ T]00:00(?::00)?)?$',
    'u',
  ),
  warning: 'id-like-date',
  looksLike: 'a date that a spreadsheet made of an id',
  isShown: isOfItsOwn,
};

const scientific: Kind = {
  pattern: /^[+-]?\d+(?:[.,]\d+)?e[+-]?\d+$/iu,
  warning: 'id-like-scientific',
  looksLike: 'a long number that a spreadsheet has shortened',
  // `1.2E+11` is written by nobody; `1E5` may be a flat, or hexadecimal, where the others are no numbers.
  isShown: (asked) =>
    isOfItsOwn(asked) && (asked.alike > 1 || asked.form !== '9a9' || asked.evidence.plainForms.has('9')),
};

const hexadecimal: Kind = {
  pattern: /^0x[\da-f]+$/iu,
  warning: 'id-like-hexadecimal',
  looksLike: 'a number in hexadecimal',
  // Nothing is lost of it.
  isShown: () => false,
  isOdd: ({ isAmongOthers }) => isAmongOthers,
};

const decimal: Kind = {
  pattern: /^\d+[.,]0+$/u,
  warning: 'id-like-decimal',
  looksLike: 'a number with decimals that a program made of an id',
  isShown: () => false,
  isOdd: (asked) => !isCommon(asked),
};

const digitsKept = 15;

const rounded: Kind = {
  pattern: /^[1-9]\d{14}0+$/u,
  warning: 'id-like-rounded',
  looksLike: `a long number of which a spreadsheet has kept ${digitsKept} digits`,
  // Three zeros that chance had to make, in two ids or more; and no id that shows that long numbers came through.
  isShown: ({ id, alike, evidence }) =>
    !evidence.hasExactNumber && alike > 1 && alike * (id.length - digitsKept) >= 3,
  isOdd: ({ evidence }) => !evidence.hasExactNumber,
};

/** What bytes 80 to BF of UTF-8 become where they are read as Windows-1252 or Latin-1. */
const trail = '[\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]';

const garbled: Kind = {
  pattern: new RegExp(
    `^(?=.*[^\\0-\\x7f])(?:[\\0-\\x7f]|[\u00c2-\u00df]${trail}|[\u00e0-\u00ef]${trail}{2}|[\u00f0-\u00f4]${trail}{3})+$`,
    'u',
  ),
  warning: 'id-like-garbled',
  looksLike: 'UTF-8 that was read as Windows-1252',
  // Those whose ids differed still do; but they are other subjects than in a list that was written right.
  isShown: () => false,
};

const kinds = [missing, date, scientific, hexadecimal, decimal, rounded, garbled];

/** Formulas that fail, in the languages of spreadsheets; a column that is too narrow; LibreOffice's `Err:502`. */
const spreadsheetError =
  /^#[¡¿]?[\p{L}\p{N}_/]+[!?]$|^#(?:n\/?[advb]|nv|н\/д|i\/t|yok|hiány|getting_data|n\/a\b.*)$|^#{3,}$|^err:5\d\d$/iu;

export const isSpreadsheetError = (text: string) => spreadsheetError.test(text);

/**
 * Judges the ids of a column by the ids of its beginning. Verdicts follow from these and the id alone, so that a list
 * that is resumed is judged as one that is not.
 *
 * An error of a spreadsheet (`#N/A`) is a problem. What looks like damage is a problem where the column shows it: it is
 * there several times, or the others are of another form, and none that is no damage has the same one. Else a warning.
 */
export function createIdJudge(ids: Iterable<string>): {
  /** `isNew`: the id is not one of those of the beginning. */
  judge(name: string, id: string, isNew: boolean): IdVerdict;
} {
  const evidence = gatherEvidence(ids);
  return {
    judge(name, id, isNew) {
      const shown = () => `${name} ${JSON.stringify(id.slice(0, 60))}`;
      if (isSpreadsheetError(id))
        return { problem: `${shown()} is the error of a formula in a spreadsheet; ${remedy}` };
      const kind = kindOf(id);
      if (kind === undefined) return hasLostZeros(id, evidence) ? { warning: 'id-zeros-lost' } : undefined;
      const alike = (evidence.counts.get(kind) ?? 0) + (isNew ? 1 : 0);
      const isAmongOthers =
        evidence.plainForms.size > 0 || [...evidence.counts.keys()].some((key) => key !== kind);
      const asked = { id, form: formOf(id), alike, isAmongOthers, evidence };
      if (kind.isShown(asked))
        return { problem: `${shown()} looks like ${kind.looksLike}, as the column shows; ${remedy}` };
      return (kind.isOdd?.(asked) ?? true) ? { warning: kind.warning } : undefined;
    },
  };
}

const remedy = 'correct the list (format the column as text), or take ids as they are with --keep-ids';

function gatherEvidence(ids: Iterable<string>): Evidence {
  const counts = new Map<Kind, number>();
  const plainForms = new Set<string>();
  let digitsWithZero = 0;
  let hasExactNumber = false;
  for (const id of ids) {
    if (id === '' || isSpreadsheetError(id)) continue;
    const kind = kindOf(id);
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    else plainForms.add(formOf(id));
    if (/^\d{15}\d*[1-9]\d*$/u.test(id)) hasExactNumber = true;
    if (/^0\d+$/u.test(id)) digitsWithZero = Math.max(digitsWithZero, id.length);
  }
  return { counts, plainForms, digitsWithZero, hasExactNumber };
}

const kindOf = (id: string) => kinds.find(({ pattern }) => pattern.test(id));

/** `emp-17` is `a-9`: letters and digits in a row are one sign each. */
export const formOf = (id: string) =>
  id
    .slice(0, 80)
    .replace(/\p{L}+/gu, 'a')
    .replace(/\p{N}+/gu, '9');

/** `17` beside `00018`. */
const hasLostZeros = (id: string, { digitsWithZero }: Evidence) =>
  /^[1-9]\d*$/u.test(id) && id.length < digitsWithZero;
