import { copyFile, mkdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createKnownFolders } from '../../src/ledger/known-folders.ts';
import { openKnownLedger } from '../../src/ledger/known-ledger.ts';
import { createKnownPhotos } from '../../src/ledger/known-photos.ts';
import { type LedgerEvent, parseLedgerEvent } from '../../src/ledger/ledger-event.ts';
import { basePath, deltaPath, listLedgerFiles, readLedger } from '../../src/ledger/ledger-files.ts';
import { refreshSnapshot } from '../../src/ledger/snapshot/refresh-snapshot.ts';
import { snapshotPath } from '../../src/ledger/snapshot/snapshot.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';

const { signal } = new AbortController();
const linesOf = (events: readonly unknown[]) => events.map((event) => `${JSON.stringify(event)}\n`).join('');

/** What may happen to a snapshot, and to the files that it speaks for. */
export const harms = [
  ...['none', 'renewed', 'renewed', 'deleted', 'torn', 'flipped', 'older', 'by two at once', 'garbage'],
  ...['merged', 'purged', 'a folder', 'lines cut off'],
] as const;

/** `at`: where, of the file's length; from 0 to 1. */
export interface Harm {
  readonly what: string;
  readonly at: number;
}

/** An account's ledger on disk, to which nights add files while its snapshot is harmed. */
export function createLedgerOnDisk(state: StateStore, account: string) {
  const path = state.locate(snapshotPath(account));
  let files = 0;
  const renew = () =>
    refreshSnapshot(state, {
      account,
      folders: { idFrom: '{id}.{ext}' },
      when: { fewestBytes: 0, dropsGone: true },
      signal,
    });
  const nextDelta = () => deltaPath(account, { run: 'r', epoch: ++files });

  /** Without what makes it durable, which takes most of the time. */
  async function writeLines(to: string, events: readonly unknown[]): Promise<string> {
    await mkdir(dirname(state.locate(to)), { recursive: true });
    await writeFile(state.locate(to), linesOf(events));
    return state.locate(to);
  }

  async function harm({ what, at }: Harm): Promise<void> {
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    const place = Math.floor(at * bytes.length);
    switch (what) {
      case 'renewed':
        return void (await renew());
      case 'deleted':
        return rm(path, { recursive: true, force: true });
      case 'torn':
        return bytes.length === 0 ? undefined : writeFile(path, bytes.subarray(0, place));
      case 'flipped':
        if (bytes.length === 0) return;
        bytes[place] = (bytes[place] ?? 0) ^ (1 << (Math.floor(at * 997) % 8));
        return writeFile(path, bytes);
      case 'older':
        // What is there now comes back after the next nights.
        if (bytes.length > 0) await copyFile(path, `${path}.former`);
        else await copyFile(`${path}.former`, path).catch(() => {});
        return;
      case 'by two at once':
        return void (await Promise.allSettled([renew(), renew()]));
      case 'garbage':
        return bytes.length === 0 ? undefined : writeFile(path, Buffer.alloc(bytes.length, place));
      case 'a folder':
        await rm(path, { recursive: true, force: true });
        return state.write(`${snapshotPath(account)}/file`, '');
      case 'lines cut off': {
        const [file] = await listLedgerFiles(state, account);
        return file && truncate(state.locate(file.path), Math.floor(at * file.sizeInBytes));
      }
      case 'merged':
        return rewrite((await listLedgerFiles(state, account)).slice(0, 3), () => true);
      case 'purged':
        return rewrite(await listLedgerFiles(state, account), ({ subjectId }) => subjectId !== 'a');
    }
  }

  /** As compaction and purges do: what is kept is written, then the files are removed. */
  async function rewrite(of: readonly { path: string }[], isKept: (event: LedgerEvent) => boolean) {
    const kept: LedgerEvent[] = [];
    for (const file of of) {
      for await (const lines of state.readLines(file.path))
        for (const { text } of lines) {
          const event = parseLedgerEvent(text);
          if (event && isKept(event)) kept.push(event);
        }
    }
    files += 1;
    await writeLines(basePath(account, { number: files, random: 'abcd' }), kept);
    for (const file of of) await state.remove(file.path);
  }

  return {
    path,
    renew,
    harm,
    /** @returns the file's path on disk */
    addNight: (events: readonly unknown[]) => writeLines(nextDelta(), events),
    /** By the snapshot, where it can be used. */
    open: (options: Omit<Parameters<typeof openKnownLedger>[1], 'account' | 'engine' | 'signal'>) =>
      openKnownLedger(state, { account, engine: 'ooto', signal, ...options }),
    /** By the lines alone. */
    async openLines({
      erased,
      photos,
      folders,
    }: Omit<Parameters<typeof openKnownLedger>[1], 'account' | 'engine' | 'signal'>) {
      const known = {
        photos: photos && createKnownPhotos(photos),
        folders: folders && createKnownFolders(folders),
      };
      await readLedger(state, {
        account,
        onEvent: (event) => {
          if (erased.isVoid(event)) return;
          known.photos?.add(event);
          known.folders?.add(event);
        },
      });
      return known;
    },
  };
}

export const nobodyErased = { isVoid: () => false, voidUntil: () => Number.NEGATIVE_INFINITY };
