import type { ReportLine } from '../records/report/report-line.ts';
import { type SharedTemplate, sharedTemplate, suspectLine } from '../records/report/shared-template.ts';
import { plural } from '../util/plural.ts';
import { createTemplateWindow, type TemplateWindow } from './template-window.ts';

/** Judges whether an engine's answers can be right, from those to other photos. */
export interface TemplateWatch {
  /** Outcomes that are written already, the oldest first; `isOwn`: by this conductor. */
  remember(lines: readonly ReportLine[], isOwn: boolean): void;
  judge(lines: readonly ReportLine[]): JudgedLines;
}

export interface JudgedLines {
  readonly lines: readonly ReportLine[];
  /** To be written before the lines. */
  readonly found: readonly SharedTemplate[];
  /** Why the run should pause: what was seen. */
  readonly alarm?: string | undefined;
}

const suspectShare = 0.03;
/** Fewer are people who are there twice, whatever their share. */
const fewestSuspects = 3;
const subjectsOfABrokenId = 3;

/**
 * The template id that was sent is always plausible. Another one is suspect if it was sent or answered for another subject
 * with other bytes, before or after, within the latest 10,000 answers. One such pair may be a person who is there twice.
 * One id for three subjects, or 3 % of the answers suspect, is a cache in between, a broken engine, replies that are mixed
 * up: then no such answer is believed. The share counts what was answered to this conductor: after a pause it begins anew.
 */
export function createTemplateWatch(): TemplateWatch {
  const window = createTemplateWindow();
  let isBroken = false;

  function judge(lines: readonly ReportLine[]): JudgedLines {
    const found = new Map<string, SharedTemplate>();
    const find = (template: SharedTemplate) => found.set(template.templateId, template);
    let alarm: string | undefined;
    const judged = lines.map((line) => {
      const answer = window.add(line, true);
      if (!answer) return line;
      for (const { templateId, people } of answer.shared) {
        if (people.length >= subjectsOfABrokenId) alarm ??= oneForAll(templateId, people);
        const isImplausible = isBroken || people.length >= subjectsOfABrokenId;
        find(sharedTemplate(templateId, isImplausible ? 'implausible' : 'shared'));
      }
      if (!answer.isSuspect()) return line;
      if (!isBroken && tooManyOf(window.own)) {
        isBroken = true;
        for (const templateId of window.suspectIds()) find(sharedTemplate(templateId, 'implausible'));
      }
      if (isBroken) alarm ??= mixedUp(window.own);
      const verdict = isBroken ? 'implausible' : found.get(answer.returned)?.verdict;
      return suspectLine(line, verdict ?? 'shared');
    });
    return { lines: judged, found: [...found.values()], alarm };
  }

  return {
    remember(lines, isOwn) {
      for (const line of lines) window.add(line, isOwn);
    },
    judge,
  };
}

const tooManyOf = ({ suspects, size }: TemplateWindow['own']) =>
  suspects >= fewestSuspects && suspects >= suspectShare * size;

function oneForAll(templateId: string, people: readonly number[]): string {
  const photos = people.slice(0, 5).join(', ');
  return `the engine answered with one template, ${templateId}, for ${plural(people.length, 'subject')} with different photos (photos ${photos} of the list)`;
}

const mixedUp = ({ suspects, size }: TemplateWindow['own']) =>
  `for ${suspects} of the last ${plural(size, 'photo')} the engine answered with the template of somebody else`;
