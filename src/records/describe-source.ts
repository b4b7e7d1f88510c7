/** What a run lists, for people: `-` is a pipe, a script's photos, or dead letters that are tried again. */
export const describeSource = (source: string): string => (source === '-' ? 'a list that was given' : source);
