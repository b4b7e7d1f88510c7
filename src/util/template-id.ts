import { v5 } from 'uuid';

/** rollcall's own namespace for template ids; never changes, or an archive would be enrolled twice. */
const namespace = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';

/**
 * A template id that follows from an engine's name and a subject: a version 5 UUID. The same subject always gets the
 * same id, so a call whose reply was lost can be repeated. Engines that know a template by the subject's own id do
 * without it: ask `templateIdOf` of the engines' registry for the id at any engine.
 */
export function templateUuid({ engine, subjectId }: { engine: string; subjectId: string }): string {
  return v5(`${engine}\n${subjectId.normalize('NFC')}`, namespace);
}
