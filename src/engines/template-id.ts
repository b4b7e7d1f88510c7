import { v5 } from 'uuid';

/** rollcall's own namespace for template ids; never changes, or an archive would be enrolled twice. */
const namespace = '6f1a9f5e-0c57-5c0e-9b8a-3d2f7f4f6a11';

/**
 * The template id of a subject where an engine lets the caller choose it: the same subject always gets the same id,
 * so a call whose reply was lost can be repeated.
 */
export function templateIdOf({ engine, subjectId }: { engine: string; subjectId: string }): string {
  return v5(`${engine}\n${subjectId.normalize('NFC')}`, namespace);
}

/** Whether a template id is the one that follows from its subject, so that nobody has to name it. */
export function followsFromSubject(options: {
  engine: string;
  subjectId: string;
  templateId: string;
}): boolean {
  return options.templateId === options.subjectId || options.templateId === templateIdOf(options);
}
