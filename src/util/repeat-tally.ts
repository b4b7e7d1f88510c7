/** Repeats of one text that are worth a word. */
const worthSaying = 10;

/** A text that was there again and again. */
export interface MostRepeated {
  /** How often it was there at least, the first time too. */
  readonly photos: number;
  /** Where it was there again: the place of one of its repeats. */
  readonly seq: number;
}

/**
 * Finds the text that is repeated most in a long list without holding the list: of N repeats, every text that has more
 * than a 256th of them (Misra and Gries). What it counts is never too much.
 */
export function createRepeatTally() {
  const counts = new Map<string, { count: number; seq: number }>();
  return {
    /** For each time that a text is there again. */
    add(text: string, seq: number): void {
      const known = counts.get(text);
      if (known) known.count += 1;
      else if (counts.size < 255) counts.set(text, { count: 1, seq });
      else
        for (const [key, entry] of counts) {
          entry.count -= 1;
          if (entry.count === 0) counts.delete(key);
        }
    },
    /** Undefined where no text was there often enough to be worth a word. */
    most(): (MostRepeated & { readonly text: string }) | undefined {
      const [most] = [...counts].sort(([, a], [, b]) => b.count - a.count);
      if (!most || most[1].count < worthSaying) return undefined;
      const [text, { count, seq }] = most;
      return { text, photos: count + 1, seq };
    },
  };
}
