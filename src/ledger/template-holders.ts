/** Whom a template shows by an event. */
export interface Holder {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** The subject's `subjectMark`; empty where two are told of at the same time. */
  readonly subject: string;
  /** The subject's id, where it is known. */
  readonly name?: string | undefined;
  /** What was stored then was undone, or erased. */
  readonly isEmptied: boolean;
}

/** Whom a template shows by all events. */
export interface TemplateHolders {
  /** The latest of which it is certain. */
  readonly certain?: Holder | undefined;
  /** Calls without an answer, which may have stored something: the latest ones of the two latest subjects. */
  readonly unclear: readonly Holder[];
}

/** `isCertain`: that the engine stored it, undone since or not. */
export const holdersOf = (holder: Holder, isCertain: boolean): TemplateHolders =>
  isCertain ? { certain: holder, unclear: [] } : { unclear: [holder] };

export function joinHolders(
  one: TemplateHolders | undefined,
  other: TemplateHolders | undefined,
): TemplateHolders | undefined {
  if (!one || !other) return one ?? other;
  const latest = [...one.unclear, ...other.unclear].toSorted(
    (a, b) => b.at - a.at || Number(a.isEmptied) - Number(b.isEmptied),
  );
  const [first] = latest;
  const second = latest.find(({ subject }) => subject !== first?.subject);
  return {
    certain: laterHolder(one.certain, other.certain),
    unclear: [first, second].filter((holder) => holder !== undefined),
  };
}

/** What others have to do with a template that a subject is to be enrolled under. */
export interface OthersUnderTemplate {
  /** Who else holds it, or may; undefined: the subject may be enrolled under it. */
  readonly holder: Holder | undefined;
  /** Whether somebody else held it last, or may have: whatever the subject had under it is gone. */
  readonly wasTaken: boolean;
}

export function othersThan(subject: string, { certain, unclear }: TemplateHolders): OthersUnderTemplate {
  const later = unclear.filter(({ at }) => at >= (certain?.at ?? 0));
  const others = [...(certain ? [certain] : []), ...later].filter((holder) => holder.subject !== subject);
  return { holder: others.find(({ isEmptied }) => !isEmptied), wasTaken: others.length > 0 };
}

/** The later one; of two at the same time the one that holds something, and of two that do nobody in particular. */
function laterHolder(one: Holder | undefined, other: Holder | undefined): Holder | undefined {
  if (!one || !other) return one ?? other;
  if (one.at !== other.at) return one.at > other.at ? one : other;
  if (one.isEmptied !== other.isEmptied) return one.isEmptied ? other : one;
  return one.subject === other.subject ? one : { at: one.at, subject: '', isEmptied: one.isEmptied };
}
