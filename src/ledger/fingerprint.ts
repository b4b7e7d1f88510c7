import { hash } from 'node:crypto';
import { followsFromSubject } from '../engines/registry.ts';
import { templateKey } from '../util/template-id.ts';
import type { LedgerEvent } from './ledger-event.ts';

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

/** 16 hex digits each; absent or empty where nothing may be recognised by it. */
export interface Fingerprints {
  readonly listed?: string | undefined;
  readonly content?: string | undefined;
}

/** What an event says was enrolled or rejected, where the checks that it passed are enough. */
export function printsOf(event: LedgerEvent): Fingerprints {
  const { kind, photo, version, sha256 } = event;
  if (kind !== 'enrolled' && kind !== 'rejected') return {};
  const template = kind === 'enrolled' ? templateOf(event) : noTemplate;
  return {
    ...(version !== undefined && { listed: listedFingerprint(photo, version, template) }),
    ...(sha256 !== undefined && { content: contentFingerprint(sha256, template) }),
  };
}

function templateOf({ templateId, templateIdFrom }: LedgerEvent): string {
  if (templateIdFrom === 'engine') return anyTemplate;
  return templateIdFrom === 'manifest' ? `=${templateKey(templateId ?? '')}` : noTemplate;
}

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

/** A fingerprint out of two 32-bit numbers; empty where there is none. */
export function readPrint(words: Uint32Array, place: number): string {
  return words[place] === 0 && words[place + 1] === 0 ? '' : readMark(words, place);
}

/** The same of 64 bits that are always there. */
export const readMark = (words: Uint32Array | undefined, place: number): string =>
  hexOf(words?.[place]) + hexOf(words?.[place + 1]);

export function writePrint(words: Uint32Array, place: number, print = ''): void {
  words[place] = Number.parseInt(print.slice(0, 8) || '0', 16);
  words[place + 1] = Number.parseInt(print.slice(8, 16) || '0', 16);
}

const hexOf = (word = 0) => word.toString(16).padStart(8, '0');
