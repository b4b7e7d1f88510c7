import { v5 } from 'uuid';

/** rollcall's own namespace for template ids; never changes, or an archive would be enrolled twice. */
const namespace = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';

/** Engines that know a template by the subject's own id. */
const namedBySubject: ReadonlySet<string> = new Set(['verihubs']);

/**
 * The template id of a subject, by the engine's name: the same subject always gets the same id, so a call whose reply
 * was lost can be repeated. Verihubs takes the subject's id itself, all others a version 5 UUID.
 */
export function templateIdOf({ engine, subjectId }: { engine: string; subjectId: string }): string {
  const normal = subjectId.normalize('NFC');
  return namedBySubject.has(engine) ? normal : v5(`${engine}\n${normal}`, namespace);
}

/** Whether a template id is the one that follows from its subject, so that nobody has to name it. */
export function followsFromSubject(options: {
  engine: string;
  subjectId: string;
  templateId: string;
}): boolean {
  return options.templateId === templateIdOf(options);
}
