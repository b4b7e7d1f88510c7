import type { Layout, Reading } from './layout-tally.ts';
import { isView } from './name-shapes.ts';
import type { PatternFit } from './pattern-fit.ts';

/**
 * The `--id-from` that fits an archive, or why there is none: a camera gave the names, or one name is there in several
 * folders and nothing shows that each folder is a person's.
 */
export type Proposal = {
  /** Another pattern that may fit: only whoever knows the archive can tell. */
  readonly or?: ProposedPattern | undefined;
} & (ProposedPattern | { readonly pattern?: undefined; readonly why: 'camera-names' | 'same-names' });

export interface ProposedPattern {
  readonly pattern: string;
  readonly subjects: number;
  /** Subjects with several photos, of which `--repeat` says what is enrolled. */
  readonly several: number;
  /** Of a long list they are estimates. */
  readonly isExact: boolean;
}

/** More photos a person than this, on average, are not one person's. */
const mostPhotosOfOne = 12;
const nearlyAll = 0.95;
/** So few names that are there twice are the archive's faults, and no other way of reading it. */
const fewSeveral = 0.05;

/** Decides by counts alone; where two ways fit, the one that keeps more people apart. */
export function proposeIdFrom(layout: Layout): Proposal {
  const { photos, byName, cameraNames, viewNames } = layout;
  const whole = { pattern: '{id}.{ext}', fit: byName };
  if (photos === 0) return found(whole);
  const isCamera = cameraNames >= 0.8 * photos;
  const cut = isCamera ? undefined : cutNames(layout);
  if (cut) return found(cut);
  const folder = folders(layout);
  const or = folder && found(folder);
  if (isCamera) return or ?? { why: 'camera-names' };
  const arePeople = folder !== undefined && folder.fit.several > 0;
  if (byName.several <= fewSeveral * byName.subjects) return { ...found(whole), ...(arePeople && { or }) };
  const isOneOfEach = folder !== undefined && viewNames >= 0.8 * photos && areRepeated(folder.fit);
  if (isOneOfEach) return found(folder);
  // One picture in several formats, side by side.
  if (byName.scattered <= fewSeveral * byName.subjects) return found({ ...whole, pattern: '{id}.{photo}' });
  return { why: 'same-names', or };
}

const found = ({ pattern, fit: { subjects, several, isExact } }: Reading): ProposedPattern => ({
  pattern,
  subjects,
  several,
  isExact,
});

const fits = ({ photos, subjects }: PatternFit, of: number) =>
  photos >= nearlyAll * of && subjects >= 2 && photos <= mostPhotosOfOne * subjects;

/** Names of two parts, of which one is the id. */
function cutNames({ photos, idFirst, idLast }: Layout): Reading | undefined {
  const [first, last] = [idFirst, idLast].map((all) => all.filter(({ fit }) => fits(fit, photos)));
  return (
    first?.find(({ fit }) => areViews(fit)) ??
    last?.find(({ fit }) => areCodesWithNames(fit)) ??
    first?.find(({ fit }) => areCodesWithNames(fit))
  );
}

/** `17_1`, `17_2`, `18_1`: nearly all have a first one. Not `4711-3`, whose last digit is a check digit. */
const areViews = (fit: PatternFit) => areRepeated(fit) && isView(fit.usual.text);
const areRepeated = ({ subjects, others, hasMoreOthers, usual }: PatternFit) =>
  !hasMoreOthers && others <= subjects && usual.photos >= 0.8 * subjects;

/** `Smith, Ann (0017)`: a code for each, and names that differ. */
const areCodesWithNames = ({ subjects, codes, names, others, hasMoreOthers }: PatternFit) =>
  codes >= nearlyAll * subjects &&
  names >= nearlyAll * subjects &&
  (hasMoreOthers || others >= 0.5 * subjects);

/** A folder for each person, or one above folders that are all called the same. */
function folders({ photos, byFolder, byUpperFolder }: Layout): Reading | undefined {
  if (fits(byFolder, photos)) return { pattern: '{id}/{photo}.{ext}', fit: byFolder };
  const { others, usual } = byUpperFolder;
  if (others !== 1 || !fits(byUpperFolder, photos) || /[{}]/u.test(usual.text)) return undefined;
  return { pattern: `{id}/${usual.text}/{photo}.{ext}`, fit: byUpperFolder };
}
