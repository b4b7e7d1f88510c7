import { isDate } from '../layout/name-shapes.ts';

/** Which columns of a list may be meant, by their names and by what is in their first rows. */
export interface GuessedColumns {
  readonly subjectId?: number | undefined;
  readonly photo?: number | undefined;
}

const photoNames = /photo|picture|image|portrait|^pic$|file|path|foto|bild|^img|^url$/iu;
const idNames =
  /(?:^|[^a-z])(?:id|no|nr|num|number|code|key|badge|uid|uuid|guid)(?:$|[^a-z])|employee|staff|student|pupil|member|personnel|matric|pernr|person|user|subject/iu;
const imageSuffix = /\.(?:jpe?g|jfif|png|webp|hei[cf]|avif|tiff?|gif|bmp|jp2)(?:[?#].*)?$/iu;

/** @param rows the first of them; with none the names alone count */
export function guessColumns(names: readonly string[], rows: readonly (readonly string[])[]): GuessedColumns {
  const columns = names.map((name, index) => ({
    name,
    index,
    values: rows.map((row) => (row[index] ?? '').trim()).filter((value) => value !== ''),
  }));
  const isOf = (values: readonly string[], test: (value: string) => boolean) =>
    values.length > 0 && values.filter(test).length >= 0.8 * values.length;
  const photo =
    columns.find(({ values }) => isOf(values, (value) => imageSuffix.test(value))) ??
    columns.find(({ name, values }) => photoNames.test(name) && (rows.length === 0 || values.length > 0));
  const mayBeIds = columns.filter(({ index, values }) => {
    const isFilled = rows.length === 0 || values.length >= 0.8 * rows.length;
    const isDistinct = new Set(values).size >= 0.5 * values.length;
    return index !== photo?.index && isFilled && isDistinct && !isOf(values, isDate);
  });
  const subjectId =
    mayBeIds.find(({ name }) => idNames.test(name)) ??
    mayBeIds.find(({ values }) => isOf(values, (value) => /^[\p{L}._-]*\d[\w.-]*$/u.test(value)));
  return { subjectId: subjectId?.index, photo: photo?.index };
}
