import { randomUUID } from 'node:crypto';
import { openSpendingOfOneStart } from '../../account/spending.ts';
import { assertIdentifies } from '../../engines/registry.ts';
import type { CommandMoney } from '../../records/money.ts';
import { firstPhotos } from '../../sources/first-photos.ts';
import { inOrder } from '../../util/in-order.ts';
import type { Rollcall } from '../open-rollcall.ts';
import { openSourceOf } from '../run-source.ts';
import type { Identification } from './identify-one.ts';
import { identifyOne } from './identify-one.ts';
import { type AskEnd, type AskTools, openAsking } from './open-asking.ts';

/** Photos whose line waits for that of an earlier one, for each call in flight. */
const photosPerCall = 4;

/** How it ended, and what its calls cost if they have a price. */
export type IdentifyEnd = AskEnd & { readonly money?: CommandMoney };

/**
 * Looks at every photo of a source and asks the engine who it shows, in this process, at the account's pace: one line a
 * photo, in the order of the source. Nothing is kept: interrupted, it is asked again.
 * @throws UsageError for a wrong source, and for an engine that has no identification
 */
export async function* identifySource(
  rollcall: AskTools & Pick<Rollcall, 'folder'>,
  { source: spec, signal }: { source: string; signal: AbortSignal },
): AsyncGenerator<Identification, IdentifyEnd> {
  const { settings } = rollcall;
  assertIdentifies(rollcall.engine().engine, 'rollcall identify');
  const source = await openSourceOf(rollcall, spec, settings);
  const spending = openSpendingOfOneStart(settings);
  const name = `identify-${randomUUID()}`;
  const { context, paid, ...asking } = await openAsking(rollcall, { places: source, name, spending, signal });
  const over = async (end: AskEnd): Promise<IdentifyEnd> => {
    const money = await spending.spent();
    return { ...end, ...(money && { money }) };
  };
  try {
    const photos = paid.whilePaid(firstPhotos(source, { limit: settings.limit, signal: context.draining }));
    const window = settings.concurrency * photosPerCall;
    let seq = 0;
    const lines = inOrder(photos, window, (photo) => {
      seq += 1;
      return paid.unlessSpent(identifyOne(photo, seq, context));
    });
    for await (const line of lines) if (line) yield line;
    return await over(await asking.end());
  } catch (error) {
    return await over(asking.endOf(error));
  } finally {
    await asking.close();
  }
}
