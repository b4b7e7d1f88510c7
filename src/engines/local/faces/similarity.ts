/**
 * How like two faces are, 0 to 1; 0.75 is the point from which they count as one person's. Falls in a straight line
 * with the distance of the descriptors: 1 at 0, 0.75 at the distance that decides.
 */
export function similarityOf(a: Float32Array, b: Float32Array): number {
  return similarityAt(distanceOf(a, b));
}

/** docs/local-engine.md says on which faces it was found. */
const decidingDistance = 0.5;

const similarityAt = (distance: number) => Math.max(0, 1 - (distance / decidingDistance) * 0.25);

function distanceOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
