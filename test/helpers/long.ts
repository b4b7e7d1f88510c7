/**
 * `npm run test:long` asks for the long form of what can go on for as long as one likes: kills, outages, photos, random
 * inputs. The ordinary form is in `npm test`: small, and of every kind.
 */
export const isLong = process.env.ROLLCALL_TEST_LONG !== undefined;

/** `ordinary` in `npm test`, `long` in `npm run test:long`. */
export const orLong = <T>(ordinary: T, long: T): T => (isLong ? long : ordinary);

/** How many random inputs a property is tried with. */
export const randomInputs = (ordinary: number): number => orLong(ordinary, 10 * ordinary);
