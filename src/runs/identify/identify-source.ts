import { randomUUID } from 'node:crypto';
import { assertIdentifies } from '../../engines/registry.ts';
import { firstPhotos } from '../../sources/first-photos.ts';
import { inOrder } from '../../util/in-order.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openSourceOf } from '../run-source.ts';
import type { Identification } from './identify-one.ts';
import { identifyOne } from './identify-one.ts';
import { type AskEnd, type AskTools, openAsking } from './open-asking.ts';

/** Photos whose line waits for that of an earlier one, for each call in flight. */
const photosPerCall = 4;

/**
 * Looks at every photo of a source and asks the engine who it shows, in this process, at the account's pace: one line a
 * photo, in the order of the source. Nothing is kept: interrupted, it is asked again.
 * @throws UsageError for a wrong source, and for an engine that has no identification
 */
export async function* identifySource(
  rollcall: AskTools & Pick<Rollcall, 'folder'>,
  { source: spec, signal }: { source: string; signal: AbortSignal },
): AsyncGenerator<Identification, AskEnd> {
  const { settings } = rollcall;
  assertIdentifies(rollcall.engine().engine, 'rollcall identify');
  const source = await openSourceOf(rollcall, spec, settings);
  const asking = await openAsking(rollcall, { places: source, name: `identify-${randomUUID()}`, signal });
  try {
    const photos = firstPhotos(source, { limit: settings.limit, signal: asking.context.draining });
    const window = settings.concurrency * photosPerCall;
    let seq = 0;
    yield* inOrder(photos, window, (photo) => {
      seq += 1;
      return identifyOne(photo, seq, asking.context);
    });
    return { kind: 'over' };
  } catch (error) {
    return asking.endOf(error);
  } finally {
    await asking.close();
  }
}
