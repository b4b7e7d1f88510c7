import { z } from 'zod';
import { createHashIndex } from '../../util/hash-index.ts';
import { parseAs } from '../../util/json-text.ts';
import { templateKey } from '../../util/template-id.ts';
import type { Warning } from '../../util/warning.ts';
import type { ReportLine } from './report-line.ts';

/** One template id for two subjects may be one person who is there twice; for more, no such answer is to be believed. */
export type SharedVerdict = 'shared' | 'implausible';

const schemaName = 'rollcall.shared-template/1';
const sharedTemplateSchema = z.object({
  schema: z.literal(schemaName),
  /** As the engine answered it. */
  templateId: z.string(),
  verdict: z.enum(['shared', 'implausible']),
});

/**
 * What a conductor found out of an engine's answers: a template id that was answered for one subject and sent or answered
 * for another. It stands among the lines of the parts, so that it outlives its finder, and counts for all lines of the
 * run that were answered with this id, also those that were written before.
 */
export type SharedTemplate = z.infer<typeof sharedTemplateSchema>;

export const sharedTemplate = (templateId: string, verdict: SharedVerdict): SharedTemplate => ({
  schema: schemaName,
  templateId,
  verdict,
});

/** undefined: a line of another kind, or damaged. */
export function parseSharedTemplate(text: string): SharedTemplate | undefined {
  if (!text.startsWith(`{"schema":"${schemaName}"`)) return undefined;
  return parseAs(sharedTemplateSchema, text);
}

/** The verdicts over all template ids of a run, in 17 to 19 bytes each. The harder verdict stands. */
export function createSharedTemplates() {
  const verdicts = createHashIndex({ valueWords: 1 });
  return {
    add({ templateId, verdict }: Pick<SharedTemplate, 'templateId' | 'verdict'>): void {
      const words = verdicts.enter(templateKey(templateId));
      words[0] = Math.max(words[0] ?? 0, verdict === 'shared' ? 1 : 2);
    },
    /** The line as it is to be reported. */
    judge<Line extends ReportLine>(line: Line): ReportLine {
      if (!line.templateIds) return line;
      const [verdict = 0] = verdicts.find(templateKey(line.templateIds.returned)) ?? [];
      return verdict === 0 ? line : suspectLine(line, verdict === 1 ? 'shared' : 'implausible');
    },
  };
}

/**
 * A line whose answer cannot be right, or may not be: what the engine holds is not known, and the id that was sent is the
 * only one that may be the photo's. Harmless when done again; a line that is implausible stays so.
 */
export function suspectLine(line: ReportLine, verdict: SharedVerdict): ReportLine {
  const { templateIds, error } = line;
  if (!templateIds || error?.kind === 'implausible') return line;
  const shared: Warning = 'template-shared';
  const others = (line.warnings ?? []).filter((warning) => !idWarnings.has(warning));
  const suspect = { ...line, stored: 'unknown', templateId: templateIds.sent } as const;
  if (verdict === 'shared') return { ...suspect, warnings: [...others, shared] };
  const { checks: _, quality: __, face: ___, verification: ____, warnings: _____, ...rest } = suspect;
  return {
    ...rest,
    status: 'failed',
    error: {
      kind: 'implausible',
      message: `the engine answered with the template ${templateIds.returned} for several people: what it stored for this photo is not known`,
    },
    ...(others.length > 0 && { warnings: others }),
  };
}

const idWarnings: ReadonlySet<string> = new Set<Warning>(['template-id-differs', 'template-shared']);
