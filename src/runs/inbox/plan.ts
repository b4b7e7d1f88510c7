import type { InboxEntry, InboxPhoto } from '../../sources/inbox/inbox-log.ts';
import { away, InboxError } from './inbox-error.ts';
import type { Taken, TakenList } from './taken.ts';

/** A photo that was taken in, or was there already. */
export interface TakenPhoto {
  /** The run whose report gets its line. */
  readonly runId: string;
  /** The number of that line. */
  readonly seq: number;
  /** It came before, with the same key. */
  readonly repeated: boolean;
}

type Known = NonNullable<ReturnType<Taken['find']>>;

/** What becomes of photos that are given together: lines to be written, and what is answered once they are durable. */
export interface Plan {
  readonly entries: readonly InboxEntry[];
  /** All of them or none. @throws InboxError `full` or `key-reused` */
  add(photos: readonly InboxPhoto[]): TakenPhoto[];
}

export function createPlan({
  inbox,
  taken,
  current,
  waiting,
  maxWaiting,
}: {
  inbox: string;
  taken: Pick<Taken, 'find'>;
  current: Readonly<TakenList>;
  /** Photos without an outcome. */
  waiting: number;
  maxWaiting: number;
}): Plan {
  const entries: InboxEntry[] = [];
  const planned = new Map<string, Known>();
  const { run } = current;
  let { count } = current;

  function add(photos: readonly InboxPhoto[]): TakenPhoto[] {
    const own = new Map<string, Known>();
    const fresh: InboxPhoto[] = [];
    const answers = photos.map((photo, index): TakenPhoto => {
      const { key, body = '' } = photo;
      const known = key === undefined ? undefined : (own.get(key) ?? planned.get(key) ?? taken.find(key));
      if (known && !known.isSame(body)) throw keyReused(index);
      if (known) return { runId: known.run, seq: known.seq, repeated: true };
      // Its picture was not saved, since it was known a moment ago.
      if (photo.photo === '') throw away(`Inbox ${inbox} has just forgotten the photo's key`);
      fresh.push(photo);
      const seq = count + fresh.length;
      if (key !== undefined) own.set(key, { run, seq, isSame: (other) => other === body });
      return { runId: run, seq, repeated: false };
    });
    if (fresh.length === 0) return answers;
    if (fresh.length > maxWaiting) throw full(inbox, `takes in ${maxWaiting} photos at once at most`);
    if (waiting + count - current.count + fresh.length > maxWaiting)
      throw full(inbox, `has ${maxWaiting} photos that wait for their outcome (--max-waiting)`);
    for (const [key, known] of own) planned.set(key, known);
    entries.push({ at: new Date().toISOString(), from: count + 1, photos: fresh });
    count += fresh.length;
    return answers;
  }

  return { entries, add };
}

const full = (inbox: string, why: string) =>
  new InboxError('full', `Inbox ${inbox} ${why}: try again later.`);

const keyReused = (index: number) =>
  new InboxError('key-reused', 'The key came before with another photo: give each photo a key of its own.', {
    index,
  });
