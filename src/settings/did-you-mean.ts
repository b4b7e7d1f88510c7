import distance from 'damerau-levenshtein';

/** The known name that this one resembles; undefined: none does. */
export function resembling(name: string, known: Iterable<string>): string | undefined {
  const given = plain(name);
  // One letter in three may be wrong, missing, too many or exchanged with its neighbour.
  const mostSteps = Math.min(3, Math.max(1, Math.floor(given.length / 3)));
  let nearest: { name: string; steps: number } | undefined;
  for (const candidate of known) {
    const { steps } = distance(given, plain(candidate));
    if (steps <= mostSteps && steps < (nearest?.steps ?? Number.POSITIVE_INFINITY))
      nearest = { name: candidate, steps };
  }
  return nearest?.name;
}

/** `; did you mean "rate"?`, or nothing. */
export function didYouMean(name: string, known: Iterable<string>): string {
  const meant = resembling(name, known);
  return meant === undefined ? '' : `; did you mean "${meant}"?`;
}

const plain = (name: string) => name.toLowerCase().replaceAll(/[-_]/g, '');
