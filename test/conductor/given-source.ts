import type { ListedPhoto, Source } from '../../src/sources/source.ts';

/** A source of the test's own: photos one by one, each after `before` has settled. It resumes by its cursor. */
export function givenSource(
  count: number,
  options: {
    before?: (index: number, signal: AbortSignal) => Promise<void>;
    subjectOf?: (index: number) => string;
    photoOf?: (index: number) => string;
    gaps?: number;
  } = {},
): Source & { readonly listings: (string | undefined)[] } {
  const { subjectOf = (index) => `subject-${index}`, photoOf = (index) => `/photos/${index}.jpg` } = options;
  const listings: (string | undefined)[] = [];
  return {
    address: '/given',
    sameSubject: 'repeat',
    listings,
    async *list({ after, signal, onEnd }): AsyncGenerator<ListedPhoto> {
      listings.push(after?.cursor);
      for (let index = Number(after?.cursor ?? 0) + 1; index <= count; index += 1) {
        signal.throwIfAborted();
        await options.before?.(index, signal);
        yield { subjectId: subjectOf(index), photo: photoOf(index), row: index, cursor: String(index) };
      }
      onEnd?.({ gaps: options.gaps ?? 0 });
    },
  };
}
