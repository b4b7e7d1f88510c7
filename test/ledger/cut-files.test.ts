import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { beforeEach, expect, it } from 'vitest';
import { compactLedger } from '../../src/ledger/compact-ledger.ts';
import { readWholeLedger } from '../../src/ledger/read-whole-ledger.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { createMemoryLeases } from '../account/memory-leases.ts';
import { eachTestHasState } from '../helpers/temporary-state.ts';
import { timeAt } from './ledger-events.ts';
import { createLedgerOnDisk } from './ledger-on-disk.ts';

const account = 'account';
const { signal } = new AbortController();
let state: StateStore;
let ledger: ReturnType<typeof createLedgerOnDisk>;
let file: string;
let whole: Buffer;
eachTestHasState((made) => {
  state = made;
});

const eventOf = (subjectId: string) => ({
  schema: 'rollcall.ledger/1',
  ...{ kind: 'enrolled', subjectId, photo: '/1.jpg', at: timeAt(1), source: '/s' },
});
async function subjects(): Promise<string[]> {
  const found: string[] = [];
  const onEvent = ({ subjectId }: { subjectId: string }) => void found.push(subjectId);
  await readWholeLedger(state, { account, onEvent, signal });
  return found.sort();
}
const compact = () => compactLedger({ state, leases: createMemoryLeases(), account, signal });

/** Eight nights, of which the first lost its second line behind the newline of its first. */
beforeEach(async () => {
  ledger = createLedgerOnDisk(state, account);
  file = await ledger.addNight([eventOf('a'), eventOf('b')]);
  for (const name of ['c', 'd', 'e', 'f', 'g', 'h', 'i']) await ledger.addNight([eventOf(name)]);
  await ledger.renew();
  whole = await readFile(file);
  await truncate(file, whole.indexOf('\n') + 1);
});

it('a ledger that lost whole lines of which the snapshot knows is not read as if it were whole', async () => {
  const place = `${file} ends at byte ${whole.indexOf('\n') + 1}`;
  for (const then of [async () => {}, ledger.renew, compact, ledger.renew]) {
    await then();
    await expect(subjects()).rejects.toMatchObject({
      code: 'ledger-unread',
      message: expect.stringContaining(place),
    });
  }
});

it('it is read again once the file is back, and compacted', async () => {
  await ledger.renew();
  await writeFile(file, whole);
  expect(await subjects()).toEqual([...'abcdefghi']);
  expect(await compact()).toBe(8);
  expect(await subjects()).toEqual([...'abcdefghi']);
});

it('without the snapshot nobody knows of the lines', async () => {
  await rm(ledger.path);
  expect(await subjects()).toEqual([...'acdefghi']);
});
