import type { Delivered } from '../../sources/s3-inventory/delivery-age.ts';
import { plural } from '../../util/plural.ts';

const days = (durationInMs: number) => plural(Math.max(1, Math.round(durationInMs / 86_400_000)), 'day');

/** How old the list of an inventory is, and that it is older than it should be. */
export function describeDelivered({ at, everyInMs = 0, ageInMs, isOverdue }: Delivered): string {
  const newest = `The newest delivery of the inventory is of ${at.slice(0, 16)}Z`;
  if (!isOverdue) return `${newest}.`;
  return `${newest}: ${days(ageInMs)} old, where no more than ${days(everyInMs)} lay between two so far. Look at the inventory's configuration on S3: what was added since is not in this list.`;
}
