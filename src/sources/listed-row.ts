import { maxAddressLength, resolvePhotoAddress } from './photo-address.ts';
import type { ListedPhoto } from './source.ts';

/** Longer ids than this are not ids; the engines' own limits are below it. */
export const maxSubjectIdLength = 512;

/** A manifest's row, parsed but not checked. */
export interface ManifestRow {
  /** `row 17` or `line 17`: how the problem's text names it. */
  readonly place: string;
  readonly row: number;
  readonly cursor: string;
  readonly subjectId: string | undefined;
  readonly photo: string | undefined;
  readonly templateId: string | undefined;
  readonly version: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Checks a row: the photo that it names, or what is wrong with it together with what could be read of it. */
export function listedRow(row: ManifestRow, options: { folder: string; allowOutside: boolean }): ListedPhoto {
  const address = resolvePhotoAddress({ cell: row.photo ?? '', ...options });
  // A column may be filled for some subjects only.
  const templateId = row.templateId?.trim() === '' ? undefined : row.templateId;
  const problem =
    problemOfText('subject id', row.subjectId ?? '') ??
    ('problem' in address ? address.problem : undefined) ??
    (templateId === undefined ? undefined : problemOfTemplateId(templateId)) ??
    problemOfMetadata(row);
  const photo = 'photo' in address ? address.photo : row.photo?.slice(0, maxAddressLength);
  return {
    ...(row.subjectId ? { subjectId: row.subjectId.slice(0, maxSubjectIdLength) } : {}),
    ...(photo ? { photo } : {}),
    ...(templateId ? { templateId: templateId.slice(0, maxSubjectIdLength) } : {}),
    ...(row.version ? { version: row.version } : {}),
    ...(Object.keys(row.metadata).length > 0 ? { metadata: row.metadata } : {}),
    row: row.row,
    cursor: row.cursor,
    ...(problem === undefined ? {} : { problem: `${row.place}: ${problem}` }),
  };
}

const blankEdges = /^[\s\u200b-\u200d\u2060]|[\s\u200b-\u200d\u2060]$/u;

/**
 * Blanks around a template id would be part of it at one engine and not at another: which template is meant cannot be
 * known.
 */
function problemOfTemplateId(templateId: string): string | undefined {
  const problem = problemOfText('template id', templateId);
  if (problem !== undefined || !blankEdges.test(templateId)) return problem;
  return `template id begins or ends with a blank: ${JSON.stringify(templateId)}; take the blanks away`;
}

/** Why a text cannot be an id; undefined if it can. */
export function problemOfText(name: string, text: string): string | undefined {
  if (text.trim() === '') return `${name} is empty`;
  if (text.includes('\0')) return `${name} holds a NUL character`;
  if (text.length > maxSubjectIdLength) return `${name} is longer than ${maxSubjectIdLength} characters`;
  return text.isWellFormed() ? undefined : `${name} is not valid Unicode`;
}

function problemOfMetadata({ metadata, version }: ManifestRow): string | undefined {
  const column = Object.keys(metadata).find((name) => metadata[name]?.includes('\0'));
  if (column !== undefined) return `column ${JSON.stringify(column)} holds a NUL character`;
  return version?.includes('\0') ? 'version holds a NUL character' : undefined;
}
