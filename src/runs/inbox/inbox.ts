import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { QueueBackend } from '../../queue/queue.ts';
import { type InboxRecord, readInbox } from '../../records/inbox/inbox.ts';
import { isPictureAddress, removePicture, savePicture } from '../../records/inbox/picture.ts';
import type { StateStore } from '../../storage/state/state-store.ts';
import { areShared, type FileSettings, isLocal } from '../files-on.ts';
import type { GivenPhoto } from '../given-photo.ts';
import { type CheckedPhoto, checkPhoto, type GivenPicture, keyOfPart } from './check-photo.ts';
import { away, InboxError } from './inbox-error.ts';
import { type Intake, IntakeEndedError, type IntakeTools, openIntake } from './intake.ts';
import type { TakenPhoto } from './plan.ts';

export interface AddOptions {
  /** The same key again is the same photo. Default: see `checkPhoto`. */
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** While other processes take in; default: 8 seconds. Nothing is taken in where that was too long. */
  readonly longestWaitInMs?: number | undefined;
}

/** An inbox as services use it: no credentials of an engine are needed. */
export interface Inbox {
  /**
   * Takes photos in: all that are given, or none. Resolves when they are durable: from then on each gets exactly one line,
   * in the report of the run and under the number that are given back.
   * @throws InboxError
   */
  add(photo: GivenPhoto | GivenPicture, options?: AddOptions): Promise<TakenPhoto>;
  add(photos: readonly (GivenPhoto | GivenPicture)[], options?: AddOptions): Promise<TakenPhoto[]>;
  /** Looks after the inbox where nobody does: rolls it over or closes it where that is due. */
  tend(): Promise<void>;
  close(): Promise<void>;
}

/** What an inbox is used with. */
export interface InboxTools {
  readonly state: StateStore;
  readonly queue: () => Promise<QueueBackend>;
  readonly settings: FileSettings;
  /** Where relative paths begin. */
  readonly folder: string;
  readonly log: Logger;
}

/** Another process that takes in lets go two seconds after it was asked; others may come first. */
const usualWaitInMs = 8_000;
const askAgainInMs = 100;

export function createInbox(rollcall: InboxTools, inbox: string): Inbox {
  const { state, log, folder } = rollcall;
  const memory: IntakeTools['memory'] = {};
  let intake: Intake | undefined;
  let opening: Promise<Intake | undefined> | undefined;

  /** Undefined: another process takes in; `wishes`: it is told that somebody waits. */
  function intakeNow(wishes: boolean): Promise<Intake | undefined> {
    if (intake?.isOpen) return Promise.resolve(intake);
    opening ??= openOnce(wishes).finally(() => {
      opening = undefined;
    });
    return opening;
  }

  async function openOnce(wishes: boolean): Promise<Intake | undefined> {
    intake = await openIntake({ state, backend: await rollcall.queue(), inbox, log, memory, wishes });
    return intake;
  }

  async function waitForIntake({ signal, longestWaitInMs = usualWaitInMs }: AddOptions): Promise<Intake> {
    for (const begun = performance.now(); ; ) {
      const found = await intakeNow(true);
      if (found) return found;
      if (performance.now() - begun > longestWaitInMs)
        throw away(
          `Other processes take in for inbox ${inbox}, and this one had no turn for ${longestWaitInMs / 1000} seconds`,
        );
      await delay(askAgainInMs, undefined, { ...(signal && { signal }) });
    }
  }

  async function addPhotos(
    given: GivenPhoto | GivenPicture | readonly (GivenPhoto | GivenPicture)[],
    { key, ...waiting }: AddOptions = {},
  ): Promise<TakenPhoto | TakenPhoto[]> {
    const photos = isList(given) ? given : [given];
    const record = await openInbox(rollcall, inbox);
    const checked: CheckedPhoto[] = [];
    for (const [index, photo] of photos.entries()) {
      const one = await checkPhoto(photo, { index, folder, key: keyOfPart(key, index, photos.length) });
      if ('photo' in one) checkPlace(one.photo, { index, record, rollcall });
      checked.push(one);
    }
    const taken = await addChecked(checked, waiting);
    const [first] = taken;
    return isList(given) || !first ? taken : first;
  }

  async function addChecked(photos: readonly CheckedPhoto[], waiting: AddOptions): Promise<TakenPhoto[]> {
    const { signal } = waiting;
    if (photos.length === 0) return [];
    while (true) {
      signal?.throwIfAborted();
      try {
        return await addTo(await waitForIntake(waiting), photos);
      } catch (error) {
        if (error instanceof IntakeEndedError) continue;
        throw error instanceof InboxError || signal?.aborted ? error : asAway(error);
      }
    }
  }

  async function addTo(
    { add, withRun, has }: Intake,
    photos: readonly CheckedPhoto[],
  ): Promise<TakenPhoto[]> {
    if (photos.every((photo) => 'photo' in photo)) return add(photos);
    return withRun(async (run) => {
      const saved: { index: number; photo: string }[] = [];
      const drop = async (which: typeof saved) => {
        for (const { photo } of which) await removePicture(state, photo).catch(() => {});
      };
      let isGiven = false;
      try {
        const ready = [];
        for (const [index, photo] of photos.entries()) {
          if ('photo' in photo) ready.push(photo);
          else {
            const { picture, ...rest } = photo;
            // One that is known is not looked at again.
            const isKnown = photo.key !== undefined && has(photo.key);
            const address = isKnown ? '' : await savePicture(state, run, picture);
            if (!isKnown) saved.push({ index, photo: address });
            ready.push({ ...rest, photo: address });
          }
        }
        isGiven = true;
        const taken = await add(ready);
        await drop(saved.filter(({ index }) => taken[index]?.repeated));
        return taken;
      } catch (error) {
        // Of any other nobody knows whether it counts: what is not needed goes when the run is over.
        const isRefused =
          !isGiven ||
          error instanceof IntakeEndedError ||
          (error instanceof InboxError && error.kind !== 'away');
        if (isRefused) await drop(saved);
        throw error;
      }
    });
  }

  return {
    add: addPhotos as Inbox['add'],
    async tend() {
      const wasOpen = intake?.isOpen;
      const found = await intakeNow(false);
      try {
        await found?.settle();
      } finally {
        if (!wasOpen) await found?.close();
      }
    },
    async close() {
      await opening?.catch(() => {});
      await intake?.close();
    },
  };
}

const isList = (
  given: GivenPhoto | GivenPicture | readonly (GivenPhoto | GivenPicture)[],
): given is readonly (GivenPhoto | GivenPicture)[] => Array.isArray(given);

/** @throws InboxError where there is none, or none that is open */
async function openInbox({ state }: InboxTools, inbox: string): Promise<InboxRecord> {
  const record = await readInbox(state, inbox).catch((error) => {
    throw asAway(error);
  });
  if (record?.isOpen) return record;
  if (record) throw new InboxError('closed', `Inbox ${inbox} is closed: rollcall inbox open ${inbox}`);
  throw new InboxError(
    'unknown',
    `There is no inbox ${inbox} in ${state.address}: rollcall inbox list shows them.`,
  );
}

/** Workers elsewhere would not find it. Pictures are given, not named. */
function checkPlace(
  photo: string,
  { index, record, rollcall }: { index: number; record: InboxRecord; rollcall: InboxTools },
): void {
  if (isPictureAddress(photo))
    throw new InboxError('bad-photo', 'The photo is a picture of an inbox: give it as such.', {
      field: 'photo',
      index,
    });
  if (!isLocal(photo) || areShared(rollcall.settings) || record.filesOn === hostname()) return;
  const problem =
    "photo lies on this machine's disk, and workers on other machines would not find it: give the picture itself, or say with --shared-files (ROLLCALL_SHARED_FILES) that they see the same files";
  throw new InboxError('bad-photo', `The ${problem}.`, { field: 'photo', index });
}

const asAway = (error: unknown) =>
  away(`Nothing can be taken in just now (${(error as Error).message.replace(/[.:]$/, '')})`, error);
