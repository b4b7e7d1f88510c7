import pLimit from 'p-limit';
import { inspectPhoto } from '../../photos/inspect-photo.ts';
import type { ListedPhoto, Source } from '../../sources/source.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openPhotoReader } from '../run-source.ts';

/** What some of a list's photos are once they are read. */
export interface ReadSample {
  readonly photos: number;
  readonly formats: Readonly<Record<string, number>>;
  /** Photos that cannot be read, or are no image, and what the first of them lacks. */
  readonly failed: number;
  readonly firstProblem?: string | undefined;
}

const readsAtOnce = 4;

/** Reads photos as a worker would, but for those at `https://` addresses: other servers are asked once, by the run. */
export async function readSample(
  rollcall: Pick<Rollcall, 'settings' | 's3' | 'state'>,
  { source, photos, signal }: { source: Source; photos: readonly ListedPhoto[]; signal: AbortSignal },
): Promise<ReadSample> {
  const { allowPrivate } = rollcall.settings;
  const reader = openPhotoReader(rollcall, source, { allowPrivate });
  const addresses = photos.flatMap(({ photo }) =>
    photo === undefined || /^https:/iu.test(photo) ? [] : [photo],
  );
  const formats: Record<string, number> = {};
  const problems: string[] = [];
  const limit = pLimit(readsAtOnce);
  const readOne = async (address: string) => {
    const read = await reader.read(address, signal);
    const inspected = 'problem' in read ? read : await inspectPhoto(read.bytes);
    if ('problem' in inspected) problems.push(inspected.problem);
    else formats[inspected.format] = (formats[inspected.format] ?? 0) + 1;
  };
  try {
    await Promise.all(addresses.map((address) => limit(() => readOne(address))));
  } finally {
    await reader.close();
  }
  return { photos: addresses.length, formats, failed: problems.length, firstProblem: problems[0] };
}
