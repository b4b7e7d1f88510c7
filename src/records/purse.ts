import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { type Amount, readAmount, writeAmount } from '../util/amount.ts';
import { FaultError } from '../util/errors.ts';
import { parseAs } from '../util/json-text.ts';
import { runFolderOf } from './run-record.ts';

/**
 * `<process>.json` in the folder of a run's money, or of a command's: what one process has claimed of it, its calls so far
 * included. Each process writes its own file alone, before it spends anything, so that what any of them may have spent is known whatever
 * becomes of queue and processes: what a process that died had claimed counts as spent.
 */
const purseSchema = z.object({
  schema: z.literal('rollcall.purse/1'),
  claimed: z.string(),
  /** It wanted to claim more, and there was no more. */
  isShort: z.literal(true).optional(),
  /** It makes no more calls: all that it claimed was spent. */
  isClosed: z.literal(true).optional(),
});

export interface PurseState {
  readonly claimed: Amount;
  readonly isShort: boolean;
  readonly isClosed: boolean;
}

export const moneyFolderOf = (runId: string): string => `${runFolderOf(runId)}/money`;
const suffix = '.json';

/** Durable when it resolves. */
export async function writePurse(
  state: StateStore,
  { folder, name, claimed, isShort, isClosed }: PurseState & { folder: string; name: string },
): Promise<void> {
  const purse: z.infer<typeof purseSchema> = {
    schema: 'rollcall.purse/1',
    claimed: writeAmount(claimed),
    ...(isShort && { isShort }),
    ...(isClosed && { isClosed }),
  };
  await state.write(`${folder}/${name}${suffix}`, `${JSON.stringify(purse)}\n`);
}

/** Reads again and again what all processes have claimed: whoever is closed is read once, and nobody is overlooked who was seen. */
export function createPurseReader(state: StateStore, folder: string) {
  const names = new Set<string>();
  const closed = new Map<string, PurseState>();

  async function readOne(name: string): Promise<PurseState> {
    const known = closed.get(name);
    if (known) return known;
    const path = `${folder}/${name}`;
    const purse = parseAs(purseSchema, (await state.read(path))?.toString() ?? '');
    // What it says can only be guessed, and what is guessed wrong is money.
    if (!purse) throw new FaultError('state', `${state.locate(path)} is damaged: restore it from a backup.`);
    const { claimed, isShort = false, isClosed = false } = purse;
    const read = { claimed: readAmount(claimed), isShort, isClosed };
    if (isClosed) closed.set(name, read);
    return read;
  }

  return {
    /** @param but the name of a process that is left out @throws FaultError where one cannot be read */
    async read(but?: string): Promise<Omit<PurseState, 'isClosed'>> {
      for (const { name } of await state.list(folder)) if (name.endsWith(suffix)) names.add(name);
      const all = await Promise.all([...names].filter((name) => name !== `${but}${suffix}`).map(readOne));
      return {
        claimed: all.reduce((sum, purse) => sum + purse.claimed, 0n),
        isShort: all.some(({ isShort }) => isShort),
      };
    },
  };
}
