import { readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KnownFolders } from '../../src/ledger/known-folders.ts';
import type { KnownPhotos } from '../../src/ledger/known-photos.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import { subjectHash } from '../../src/ledger/snapshot/entry.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { randomInputs } from '../helpers/long.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { ledgerEvents, photos, subjects, timeAt, versions } from './ledger-events.ts';
import { createLedgerOnDisk, harms, nobodyErased } from './ledger-on-disk.ts';

let folder: TemporaryFolder;
let state: StateStore;
let number = 0;
const newLedger = (on = state) => createLedgerOnDisk(on, `account-${++number}`);

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterAll(() => folder.remove());

const asked = subjects.flatMap((subjectId) => photos.map((photo) => ({ subjectId, photo: `/x${photo}` })));

/** Everything that can be asked of so small a world, and what is answered. */
function answersOf(known: { photos: KnownPhotos | undefined; folders: KnownFolders | undefined }): unknown[] {
  return asked.flatMap((photo) => [
    ...[...versions, undefined].flatMap((version) =>
      ['', '=T1', '=T2'].map((template) => known.photos?.recognise({ ...photo, version, template }) ?? 'new'),
    ),
    withSortedContents(known.folders?.find(photo)),
  ]);
}

function withSortedContents(found: ReturnType<KnownFolders['find']>) {
  return found && { ...found, contents: [...found.contents].sort() };
}

/** Where two of one time were inferred from two folders, the one that is read first is told: each minute has one here. */
const inFolders = ledgerEvents.map((event): LedgerEvent => {
  const minute = new Date(event.at).getUTCMinutes();
  const idFrom = (['path', 'list', undefined] as const)[minute % 3];
  return {
    ...event,
    photo: `/x${event.photo}`,
    ...(idFrom && { idFrom }),
    ...(idFrom === 'path' && { folder: `/folder-${minute % 2}` }),
  };
});

describe('the snapshot of a ledger', () => {
  it('answers as the lines do, whatever becomes of it', async () => {
    const nights = fc.array(
      fc.record({
        events: fc.array(inFolders, { maxLength: 6 }),
        harm: fc.record({
          what: fc.constantFrom(...harms),
          at: fc.double({ min: 0, max: 0.9999, noNaN: true }),
        }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    const how = fc.record({
      photos: fc.record({
        eachPhoto: fc.boolean(),
        required: fc.constantFrom([], ['liveness'], ['deepfake']),
      }),
      voidUntil: fc.constantFrom(Number.NEGATIVE_INFINITY, Date.parse(timeAt(3)), Number.POSITIVE_INFINITY),
    });
    await fc.assert(
      fc.asyncProperty(nights, how, async (told, { photos: required, voidUntil }) => {
        const ledger = newLedger();
        const untilOf = (subjectId: string) => (subjectId === 'b' ? voidUntil : Number.NEGATIVE_INFINITY);
        const erased = {
          voidUntil: untilOf,
          isVoid: ({ subjectId, at }: LedgerEvent) => Date.parse(at) <= untilOf(subjectId),
        };
        const options = { erased, photos: required, folders: { idFrom: '{id}.{ext}' } };
        for (const { events, harm } of told) {
          await ledger.addNight(events);
          await ledger.harm(harm);
          const known = await ledger.open(options);
          await known.load(asked, []);
          const answers = answersOf(known);
          await known.close();
          expect(answers).toEqual(answersOf(await ledger.openLines(options)));
        }
      }),
      { numRuns: randomInputs(30) },
    );
  });

  const event = (subject: string, more: Partial<LedgerEvent> = {}): LedgerEvent => ({
    schema: ledgerSchemaName,
    kind: 'enrolled',
    subjectId: subject,
    photo: `/x/${subject}.jpg`,
    version: 'v1',
    sha256: 'aa',
    templateId: 'T1',
    at: timeAt(1),
    source: '/s',
    ...more,
  });
  const photosOnly = { erased: nobodyErased, photos: { eachPhoto: false, required: [] } };
  const askedOf = (subjectId: string) => ({ subjectId, photo: `/x/${subjectId}.jpg` });
  async function kindOf(ledger: ReturnType<typeof newLedger>, subjectId: string, version = 'v1') {
    const known = await ledger.open(photosOnly);
    await known.load([askedOf(subjectId)], []);
    const found = known.photos?.recognise({ ...askedOf(subjectId), version, template: '' });
    await known.close();
    return found?.kind;
  }
  /** Names of the ledger's files whose lines are read. */
  function watched() {
    const read: string[] = [];
    const readLines: StateStore['readLines'] = (path, options) => {
      if (path.startsWith('ledger/')) read.push(path.replace(/.*\//, ''));
      return state.readLines(path, options);
    };
    return { read, state: { ...state, readLines } };
  }

  it('is asked instead of the lines it speaks for, and of no others', async () => {
    const { read, state: on } = watched();
    const ledger = newLedger(on);
    await ledger.addNight([event('a'), event('b')]);
    await ledger.renew();
    read.length = 0;
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    expect(await kindOf(ledger, 'a', 'v2')).toBe('compare');
    expect(await kindOf(ledger, 'c')).toBe(undefined);
    expect(read).toEqual([]);
    await ledger.addNight([event('a', { at: timeAt(2), version: 'v2' })]);
    expect(await kindOf(ledger, 'a')).toBe('compare');
    expect(read).toEqual(['r-2.jsonl']);
  });

  it('is not asked about a file that is another one by now, however alike', async () => {
    const { read, state: on } = watched();
    const ledger = newLedger(on);
    const first = await ledger.addNight([event('a')]);
    await ledger.addNight([event('b')]);
    await ledger.renew();
    await writeFile(first, (await readFile(first, 'utf8')).replace('"a"', '"c"'));
    read.length = 0;
    expect(await kindOf(ledger, 'a')).toBe(undefined);
    expect(await kindOf(ledger, 'c')).toBe('compare');
    expect(new Set(read)).toEqual(new Set(['r-1.jsonl']));
  });

  it('is made anew where it is of another version', async () => {
    const { read, state: on } = watched();
    const ledger = newLedger(on);
    await ledger.addNight([event('a')]);
    await ledger.renew();
    const bytes = await readFile(ledger.path);
    bytes.writeUInt32LE(bytes.readUInt32LE(bytes.length - 28) + 1, bytes.length - 28);
    await writeFile(ledger.path, bytes);
    read.length = 0;
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    expect(read).toEqual(['r-1.jsonl']);
    await ledger.renew();
    read.length = 0;
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    expect(read).toEqual([]);
  });

  it('goes on in the lines where it is damaged or replaced while it is asked', async () => {
    const ledger = newLedger();
    await ledger.addNight([event('a'), event('b')]);
    await ledger.renew();
    for (const spoil of [
      (bytes: Buffer) => Buffer.concat([Buffer.from([(bytes[0] ?? 0) ^ 1]), bytes.subarray(1)]),
      () => Buffer.alloc(0),
    ]) {
      const known = await ledger.open(photosOnly);
      await known.close();
      const bytes = await readFile(ledger.path);
      await writeFile(ledger.path, spoil(bytes));
      await known.load([askedOf('a')], []);
      expect(known.photos?.recognise({ ...askedOf('a'), version: 'v1', template: '' })?.kind).toBe(
        'unchanged',
      );
      await known.close();
      await writeFile(ledger.path, bytes);
    }
  });

  it('leaves a ledger that can be used where its writer dies, and no trace once it is written again', async () => {
    const { bytes } = state;
    if (!bytes) throw new Error('this state has no snapshots');
    const left: { discard(): Promise<void> }[] = [];
    const dying: StateStore = {
      ...state,
      bytes: {
        ...bytes,
        async openWriter(path) {
          const writer = await bytes.openWriter(path);
          left.push(writer);
          return {
            async write(some) {
              await writer.write(some.subarray(0, some.length / 2));
              throw new Error('died');
            },
            commit: writer.commit,
            // A process that is killed tidies nothing up.
            discard: async () => {},
          };
        },
      },
    };
    const name = `account-${number + 1}`;
    const ledger = newLedger(dying);
    await ledger.addNight([event('a')]);
    await expect(ledger.renew()).rejects.toThrow('died');
    expect(await readdir(dirname(ledger.path))).toHaveLength(2);
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    await createLedgerOnDisk(state, name).renew();
    expect(await readdir(dirname(ledger.path))).toEqual(['deltas', 'snapshot.bin']);
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    for (const writer of left) await writer.discard();
  });

  it('has nothing of a subject whose lines were purged', async () => {
    const ledger = newLedger();
    await ledger.addNight([event('a'), event('b')]);
    await ledger.addNight([event('c')]);
    await ledger.renew();
    const has = async (subject: string) => {
      const hash = Buffer.from(Uint32Array.from(subjectHash(subject)).buffer);
      return (await readFile(ledger.path)).includes(hash);
    };
    expect(await Promise.all(['a', 'b', 'c', 'd'].map(has))).toEqual([true, true, true, false]);
    await ledger.harm({ what: 'purged', at: 0 });
    await ledger.renew();
    expect(await Promise.all(['a', 'b', 'c'].map(has))).toEqual([false, true, true]);
    expect(await readFile(ledger.path, 'latin1')).not.toContain('/x/');
  });

  it('finds each of many subjects, one of whom has more photos than a block has entries', async () => {
    const ledger = newLedger();
    const many = Array.from({ length: 2000 }, (_, index) => event(`s-${index}`));
    const more = Array.from({ length: 200 }, (_, index) =>
      event('much', { photo: `/x/much-${index}.jpg`, at: timeAt(index) }),
    );
    await ledger.addNight([...more.slice(0, 100), ...many, ...more.slice(100)]);
    await ledger.renew();
    for (const eachPhoto of [false, true]) {
      const options = { erased: nobodyErased, photos: { eachPhoto, required: [] } };
      const known = [await ledger.open(options), await ledger.openLines(options)] as const;
      const all = [...many, ...more, event('new')].map(({ subjectId, photo }) => ({ subjectId, photo }));
      await known[0].load(all, []);
      const [found, expected] = known.map(({ photos }) =>
        all.map((photo) => photos?.recognise({ ...photo, version: 'v1', template: '' })?.kind),
      );
      await known[0].close();
      expect(found).toEqual(expected);
    }
  });

  it('is not kept where the state reads no single bytes, as on S3: all lines are read', async () => {
    const { bytes: _, ...remote } = state;
    const ledger = newLedger(remote);
    await ledger.addNight([event('a')]);
    expect(await ledger.renew()).toBe(false);
    expect(await kindOf(ledger, 'a')).toBe('unchanged');
    expect(await readdir(dirname(ledger.path))).toEqual(['deltas']);
  });
});
