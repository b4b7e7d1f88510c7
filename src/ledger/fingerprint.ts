import { hash } from 'node:crypto';
import { followsFromSubject } from '../engines/registry.ts';
import { templateKey } from '../util/template-id.ts';

/**
 * Fingerprints say in 64 bits what was enrolled: of a photo as it is listed (`listed`), and of its bytes (`content`).
 * The template it was enrolled under is part of both: under another one it is another enrolment.
 */
export const listedFingerprint = (photo: string, version: string, template: string) =>
  hash('sha256', `${photo}\n${version}\n${template}`, 'hex').slice(0, 16);

export const contentFingerprint = (sha256: string, template: string) =>
  hash('sha256', `${sha256}\n${template}`, 'hex').slice(0, 16);

/** Stands for whatever template id an engine gives that does not take the one it is sent. */
export const anyTemplate = '*';

/** A verdict on a photo is the same under any template. */
export const noTemplate = '';

/** Stands for a template id in a fingerprint: one that follows from the subject is the same whether named or not. */
export function templateMark({
  engine,
  subjectId,
  templateId,
}: {
  engine: string;
  subjectId: string;
  templateId: string | undefined;
}): string {
  const follows = templateId === undefined || followsFromSubject({ engine, subjectId, templateId });
  return follows ? noTemplate : `=${templateKey(templateId)}`;
}
