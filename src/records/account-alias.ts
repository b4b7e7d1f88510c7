import { z } from 'zod';
import type { StateStore } from '../storage/state/state-store.ts';
import { FaultError } from '../util/errors.ts';

/**
 * `accounts/<account>.json`: an account whose address is spelled in another way than usual, and the id of the account that
 * is called (`calledAccountIdOf`). Only a process with the account's credentials can tell, so that it is written down for
 * those without: `pause`, `resume`, `forget`. Usual spellings need none.
 */
const aliasSchema = z.object({
  schema: z.literal('rollcall.account/1'),
  account: z.string(),
  called: z.string(),
  engine: z.string(),
  engineUrl: z.string(),
});
export type AccountAlias = Omit<z.infer<typeof aliasSchema>, 'schema'>;

const folder = 'accounts';
const suffix = '.json';
const pathOf = (account: string) => `${folder}/${account}${suffix}`;

/** @throws FaultError where it is damaged: the pace and the forget list of the account would be another's */
export async function readAccountAlias(
  state: StateStore,
  account: string,
): Promise<AccountAlias | undefined> {
  const bytes = await state.read(pathOf(account));
  if (!bytes) return undefined;
  try {
    return aliasSchema.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new FaultError(
      'state',
      `${state.locate(pathOf(account))} is damaged: remove it, and start a command with the credentials of its account.`,
      { cause },
    );
  }
}

/** The same text whoever writes it. */
export async function writeAccountAlias(
  state: StateStore,
  { account, called, engine, engineUrl }: AccountAlias,
): Promise<void> {
  const alias = { schema: 'rollcall.account/1', account, called, engine, engineUrl };
  await state.write(pathOf(account), `${JSON.stringify(alias, undefined, 2)}\n`);
}

/** All ids of runs and ledgers that are known to belong to the account that is called so, itself among them. */
export async function accountsCalled(state: StateStore, called: string): Promise<ReadonlySet<string>> {
  const files = (await state.list(folder)).filter(({ name }) => name.endsWith(suffix));
  const aliases = await Promise.all(
    files.map(({ name }) => readAccountAlias(state, name.slice(0, -suffix.length))),
  );
  const same = aliases.filter((alias) => alias?.called === called);
  return new Set([called, ...same.map((alias) => alias?.account ?? called)]);
}
