import { followsFromSubject } from '../../engines/registry.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { subjectKey } from '../../util/subject-id.ts';
import { templateKey } from '../../util/template-id.ts';

/** Somebody of whom a ledger or a report says that the engine holds a template. */
export interface Claim {
  readonly subjectId: string;
  readonly templateId: string;
  /** Milliseconds since 1970: when the engine said so. */
  readonly at: number;
  /** Whether the engine named the id of its own accord; else it was sent. */
  readonly isNamedByEngine: boolean;
  /** Whether the engine confirmed it; else it may hold it. */
  readonly isCertain: boolean;
}

/** Whose templates are, of those that some subjects are known by. */
export interface TemplateClaims {
  /** A template that is to be judged: one that a given subject is known by. */
  note(templateId: string): void;
  add(claim: Claim): void;
  /** Whether the template is a subject's that is not among the given: nothing that is done to those may touch it. */
  isOfOther(templateId: string): boolean;
}

interface Known {
  /** Of the latest claim of a given subject to an id that was sent, and certainly stored. */
  sentAt: number;
  /** Of the latest claim of any other subject. */
  othersAt: number;
  /** A given subject may be known by it for no other reason than that the engine named it. */
  isOnlyNamed: boolean;
}

/**
 * | the id was … for a given subject | … for another | whose it is |
 * |---|---|---|
 * | sent | not known | the given one's |
 * | sent | sent, or named by the engine | whose claim is the later one |
 * | named by the engine | not known | the given one's; another's where it is a subject's own id, as at Verihubs |
 * | named by the engine | any | the other's |
 */
export function createTemplateClaims({
  engine,
  subjects,
}: {
  engine: string;
  /** The given ones, as `keyWithoutBlanks` has them. */
  subjects: ReadonlySet<string>;
}): TemplateClaims {
  const byTemplate = new Map<string, Known>();

  function addOwn(known: Known, { at, isNamedByEngine, isCertain }: Claim): void {
    if (isNamedByEngine) return;
    known.isOnlyNamed = false;
    if (isCertain) known.sentAt = Math.max(known.sentAt, at);
  }

  /** What an engine names may be a mistake; a mistake makes no template another's. */
  const isMistake = ({ subjectId, templateId, isNamedByEngine }: Claim) =>
    isNamedByEngine && isSubjectsOwn(templateId) && subjectKey(subjectId) !== templateKey(templateId);

  const isSubjectsOwn = (templateId: string) =>
    followsFromSubject({ engine, subjectId: templateId, templateId });

  return {
    note(templateId) {
      const key = templateKey(templateId);
      if (!byTemplate.has(key)) byTemplate.set(key, { sentAt: 0, othersAt: 0, isOnlyNamed: true });
    },
    add(claim) {
      const known = byTemplate.get(templateKey(claim.templateId));
      if (!known) return;
      if (subjects.has(keyWithoutBlanks(claim.subjectId))) addOwn(known, claim);
      else if (!isMistake(claim)) known.othersAt = Math.max(known.othersAt, claim.at);
    },
    isOfOther(templateId) {
      const known = byTemplate.get(templateKey(templateId));
      if (!known) return false;
      if (!known.isOnlyNamed) return known.othersAt > known.sentAt;
      const isAnothersOwn = isSubjectsOwn(templateId) && !subjects.has(templateKey(templateId));
      return known.othersAt > 0 || isAnothersOwn;
    },
  };
}
