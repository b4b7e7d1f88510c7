import { v5 } from 'uuid';
import { subjectKey } from './subject-id.ts';

/** rollcall's own namespace for template ids; never changes, or an archive would be enrolled twice. */
const namespace = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';

/**
 * A template id that follows from an engine's name and a subject: a version 5 UUID. The same subject always gets the
 * same id, so a call whose reply was lost can be repeated. Engines that know a template by the subject's own id do
 * without it: ask `templateIdOf` of the engines' registry for the id at any engine.
 */
export function templateUuid({ engine, subjectId }: { engine: string; subjectId: string }): string {
  return v5(`${engine}\n${subjectKey(subjectId)}`, namespace);
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const uuid5 = /^[\da-f]{8}-[\da-f]{4}-5[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/i;

/** Whether an id looks like one that follows from some subject (`templateUuid`). */
export const isUuid5 = (templateId: string): boolean => uuid5.test(templateId);

/**
 * A template id as it is compared, wherever two are: of a UUID the case means nothing, any other id is compared as a
 * subject's is. What is sent to an engine is the id as it was given.
 */
export function templateKey(templateId: string): string {
  return uuid.test(templateId) ? templateId.toLowerCase() : subjectKey(templateId);
}

export const isSameTemplate = (one: string, other: string): boolean =>
  one === other || templateKey(one) === templateKey(other);
