import type { Warning } from '../../util/warning.ts';
import { maxAddressLength, resolvePhotoAddress } from '../photo-address.ts';
import { maxSubjectIdLength, problemOfText, readSubjectId } from '../read-subject-id.ts';
import type { ListedPhoto } from '../source.ts';
import { trimUnseen } from '../trim-text.ts';
import type { IdVerdict } from './spreadsheet-ids.ts';

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

export interface RowOptions {
  /** Absolute, or on S3; relative paths begin here. */
  readonly folder: string;
  readonly allowOutside: boolean;
  /** Whether absolute paths may lead anywhere, even where relative ones may not leave the folder. Default: they may not. */
  readonly absoluteAnywhere?: boolean | undefined;
  /** Of a list that may come out of a spreadsheet: judges its ids by the others of the column. */
  readonly judgeId?: ((column: 'subject id' | 'template id', id: string) => IdVerdict) | undefined;
}

/** Checks a row: the photo that it names, or what is wrong with it together with what could be read of it. */
export function listedRow(row: ManifestRow, options: RowOptions): ListedPhoto {
  const { judgeId } = options;
  const id = readSubjectId(row.subjectId ?? '', { isSpreadsheet: judgeId !== undefined });
  const cell = trimUnseen(row.photo ?? '');
  const address = resolvePhotoAddress({ cell, ...options });
  // A column may be filled for some subjects only.
  const templateId = row.templateId?.trim() === '' ? undefined : row.templateId;
  const verdicts = [
    id.subjectId === '' ? undefined : judgeId?.('subject id', id.subjectId),
    templateId === undefined ? undefined : judgeId?.('template id', templateId),
  ];
  const problem =
    problemOfText('subject id', trimUnseen(row.subjectId ?? '')) ??
    ('problem' in address ? address.problem : undefined) ??
    (templateId === undefined ? undefined : problemOfTemplateId(templateId)) ??
    verdicts.flatMap((verdict) => (verdict && 'problem' in verdict ? [verdict.problem] : []))[0] ??
    problemOfMetadata(row);
  const photo = 'photo' in address ? address.photo : cell.slice(0, maxAddressLength);
  const warnings: Warning[] = [
    ...id.warnings,
    ...(cell === (row.photo ?? '') ? [] : (['photo-trimmed'] as const)),
    ...verdicts.flatMap((verdict) => (verdict && 'warning' in verdict ? [verdict.warning] : [])),
  ];
  // Field by field, since this runs for each of millions of rows.
  const listed: { -readonly [Name in keyof ListedPhoto]: ListedPhoto[Name] } = {};
  if (id.subjectId) listed.subjectId = id.subjectId;
  if (id.writtenId !== undefined) listed.writtenId = id.writtenId;
  if (photo) listed.photo = photo;
  if (templateId) listed.templateId = templateId.slice(0, maxSubjectIdLength);
  if (row.version) listed.version = row.version;
  if (Object.keys(row.metadata).length > 0) listed.metadata = row.metadata;
  listed.row = row.row;
  listed.cursor = row.cursor;
  if (warnings.length > 0) listed.warnings = warnings;
  if (problem !== undefined) listed.problem = `${row.place}: ${problem}`;
  return listed;
}

const blankEdges = /^[\s\u200b-\u200d\u2060]|[\s\u200b-\u200d\u2060]$/u;

/**
 * Blanks around a template id would be part of it at one engine and not at another: which template is meant cannot be
 * known.
 */
export function problemOfTemplateId(templateId: string): string | undefined {
  const problem = problemOfText('template id', templateId);
  if (problem !== undefined || !blankEdges.test(templateId)) return problem;
  return `template id begins or ends with a blank: ${JSON.stringify(templateId)}; take the blanks away`;
}

export function problemOfMetadata({
  metadata,
  version,
}: Pick<ManifestRow, 'metadata' | 'version'>): string | undefined {
  const column = Object.keys(metadata).find((name) => metadata[name]?.includes('\0'));
  if (column !== undefined) return `column ${JSON.stringify(column)} holds a NUL character`;
  return version?.includes('\0') ? 'version holds a NUL character' : undefined;
}
