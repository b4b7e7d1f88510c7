import type { ReportLine } from '../records/report/report-line.ts';
import { subjectKey } from '../util/subject-id.ts';
import { templateKey } from '../util/template-id.ts';

/** What an engine answered to the latest photos, so that one answer can be compared with the others. */
export interface TemplateWindow {
  /**
   * Adds the answer in a line; undefined where there is none, or it is there already. `isOwn`: answered to this conductor.
   */
  add(line: ReportLine, isOwn: boolean): AddedAnswer | undefined;
  /** Ids that suspect answers named. */
  suspectIds(): ReadonlySet<string>;
  readonly own: { readonly size: number; readonly suspects: number };
}

export interface AddedAnswer {
  /** As it is compared (`templateKey`). */
  readonly returned: string;
  /** Whether it is suspect, by now. */
  isSuspect(): boolean;
  /** Ids of it that were sent or answered for other people as well; `people`: a photo's seq for each. */
  readonly shared: readonly { readonly templateId: string; readonly people: readonly number[] }[];
}

interface Answer {
  readonly seq: number;
  readonly subject: string;
  readonly bytes: string;
  readonly sent: string;
  readonly returned: string;
  readonly isOwn: boolean;
  isSuspect: boolean;
}

/** Memory is bounded: so many answers, and so many of them for one id. */
const answersKept = 10_000;
const answersPerId = 50;

export function createTemplateWindow(): TemplateWindow {
  /** By seq, the oldest first. */
  const answers = new Map<number, Answer>();
  const byId = new Map<string, Answer[]>();
  const own = { size: 0, suspects: 0 };

  function count({ isOwn, isSuspect }: Answer, step: 1 | -1): void {
    if (!isOwn) return;
    own.size += step;
    if (isSuspect) own.suspects += step;
  }

  function suspect(answer: Answer): void {
    if (answer.isSuspect) return;
    count(answer, -1);
    answer.isSuspect = true;
    count(answer, 1);
  }

  function enter(answer: Answer): void {
    answers.set(answer.seq, answer);
    count(answer, 1);
    for (const id of idsOf(answer)) byId.set(id, [...(byId.get(id) ?? []).slice(1 - answersPerId), answer]);
    const [oldest] = answers.values();
    if (answers.size > answersKept && oldest) forget(oldest);
  }

  function forget(answer: Answer): void {
    answers.delete(answer.seq);
    count(answer, -1);
    for (const id of idsOf(answer)) {
      const rest = (byId.get(id) ?? []).filter((other) => other !== answer);
      if (rest.length > 0) byId.set(id, rest);
      else byId.delete(id);
    }
  }

  return {
    own,
    suspectIds: () =>
      new Set([...answers.values()].filter(({ isSuspect }) => isSuspect).map(({ returned }) => returned)),
    add(line, isOwn) {
      const answer = answerOf(line, isOwn);
      if (!answer || answers.has(answer.seq)) return undefined;
      enter(answer);
      const shared = idsOf(answer).flatMap((templateId) => {
        const all = byId.get(templateId) ?? [];
        const people = differentPeople(all).map(({ seq }) => seq);
        const guests = all.filter(({ sent, returned }) => returned === templateId && sent !== templateId);
        if (people.length < 2 || guests.length === 0) return [];
        guests.forEach(suspect);
        return [{ templateId, people }];
      });
      return { returned: answer.returned, isSuspect: () => answer.isSuspect, shared };
    },
  };
}

const idsOf = ({ sent, returned }: Answer) => (sent === returned ? [sent] : [sent, returned]);

/** One answer a person: neither the same subject twice, nor the same bytes. */
function differentPeople(answers: readonly Answer[]): Answer[] {
  const people: Answer[] = [];
  for (const answer of answers) {
    const isOther = ({ subject, bytes }: Answer) => subject !== answer.subject && bytes !== answer.bytes;
    if (people.every(isOther)) people.push(answer);
  }
  return people;
}

/** undefined: the engine was not asked, or no template is known to be meant. */
function answerOf(line: ReportLine, isOwn: boolean): Answer | undefined {
  const { seq, subjectId, templateId, templateIds, sha256, status, error, warnings } = line;
  const isAnswer = status !== 'skipped' && status !== 'duplicate' && error?.kind !== 'collision';
  if (!isAnswer || subjectId === undefined || templateId === undefined) return undefined;
  return {
    seq,
    subject: subjectKey(subjectId),
    // Not known where the engine fetched the photo itself: other bytes than any.
    bytes: sha256 ?? `photo ${seq}`,
    sent: templateKey(templateIds?.sent ?? templateId),
    returned: templateKey(templateIds?.returned ?? templateId),
    isOwn,
    // An adapter may know by itself that the answer was somebody else's.
    isSuspect: error?.kind === 'implausible' || (warnings?.includes('template-shared') ?? false),
  };
}
