import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../src/conductor/decide.ts';
import { openKeptTemplates, openLedgerLookup } from '../../src/conductor/ledger-lookup.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import { createErasureLog } from '../../src/ledger/forget-files.ts';
import { type LedgerEvent, ledgerSchemaName } from '../../src/ledger/ledger-event.ts';
import type { ManifestLine } from '../../src/records/manifest.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from '../ledger/ledger-events.ts';
import { createLedgerOnDisk } from '../ledger/ledger-on-disk.ts';

const { signal } = new AbortController();
const common = { account: 'account', engine: 'ooto', signal };

let folder: TemporaryFolder;
let state: StateStore;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(() => folder.remove());

type Settings = Parameters<typeof openLedgerLookup>[0]['settings'];
/** As of a list whose ids are its own. */
const listed: Settings = {
  sameSubject: 'repeat',
  repeat: 'first',
  require: [],
  incremental: true,
  idFrom: '{id}.{ext}',
  idsFromPaths: false,
  replace: false,
};
const inFolders: Settings = { ...listed, sameSubject: 'collision', idsFromPaths: true, incremental: false };

const sha = (letter: string) => letter.repeat(64);
const event = (more: Partial<LedgerEvent> = {}): LedgerEvent => ({
  schema: ledgerSchemaName,
  kind: 'enrolled',
  subjectId: 'a',
  photo: '/x/a.jpg',
  version: 'v1',
  sha256: sha('a'),
  templateId: templateIdOf({ engine: 'ooto', subjectId: 'a' }),
  at: timeAt(1),
  source: '/x',
  ...more,
});
const rejected = (more: Partial<LedgerEvent> = {}) =>
  event({ kind: 'rejected', code: '5', stored: 'no', templateId: undefined as never, ...more });
const ofFolder = (more: Partial<LedgerEvent> = {}) => event({ idFrom: 'path', folder: '/x', ...more });

const feed: Decision = { kind: 'feed' };
const repeated: Decision = { kind: 'settle', outcome: { status: 'skipped', reason: 'repeated' } };
const unchanged = {
  kind: 'settle',
  outcome: { status: 'skipped', reason: 'unchanged', stored: 'yes', enrolledAt: timeAt(1) },
};
const print = expect.stringMatching(/^\w{8,}$/);
const compared = { kind: 'feed', known: { enrolled: print, enrolledAt: timeAt(1) } };
const secret = (signature: string) => `https://h/a.jpg?sig=${signature}`;

interface Case {
  readonly events: readonly LedgerEvent[];
  readonly line?: Partial<ManifestLine>;
  readonly settings?: Partial<Settings>;
  readonly decision?: Decision;
  readonly expected: unknown;
}

async function decide(
  { events, line, settings, decision = feed }: Case,
  before: Settings,
  bySnapshot: boolean,
) {
  const ledger = createLedgerOnDisk(state, common.account);
  await ledger.addNight(events);
  if (bySnapshot) await ledger.renew();
  const lookup = await openLedgerLookup({ state, ...common, settings: { ...before, ...settings } });
  const asked = { seq: 1, subjectId: 'a', photo: '/x/a.jpg', version: 'v1', ...line };
  await lookup.prepare([asked]);
  const decided = lookup.decide(asked, decision);
  await lookup.close();
  return decided;
}

describe('what the ledger says of a photo in an incremental run', () => {
  it.each<[string, Case]>([
    ['nothing of a subject that it does not know', { events: [event({ subjectId: 'b' })], expected: feed }],
    ['the same photo is unchanged', { events: [event()], expected: unchanged }],
    ['one that is settled stays so', { events: [event()], decision: repeated, expected: repeated }],
    [
      'one that waits for another stays behind it, with a hint',
      {
        events: [event()],
        line: { version: 'v2' },
        decision: { kind: 'feed-after', seq: 7 },
        expected: { ...compared, kind: 'feed-after', seq: 7 },
      },
    ],
    [
      'of another version the bytes decide',
      { events: [event()], line: { version: 'v2' }, expected: compared },
    ],
    ['without a version, too', { events: [event()], line: { version: undefined }, expected: compared }],
    ['and elsewhere', { events: [event()], line: { photo: '/y/a.jpg' }, expected: compared }],
    ['and under another template id', { events: [event()], line: { templateId: 'T' }, expected: compared }],
    [
      'one that was rejected is not called again',
      {
        events: [rejected()],
        expected: { kind: 'settle', outcome: { status: 'skipped', reason: 'rejected-before' } },
      },
    ],
    [
      'of a rejected one that changed the bytes decide',
      {
        events: [rejected()],
        line: { version: 'v2' },
        expected: { kind: 'feed', known: { rejected: print } },
      },
    ],
    ['a call without an answer is no success', { events: [event({ kind: 'unclear' })], expected: feed }],
    [
      'what was enrolled without a check that is asked for now is not known to be fine',
      { events: [event()], settings: { require: ['liveness'] }, expected: feed },
    ],
    [
      'what was enrolled with it is',
      {
        events: [event({ required: ['liveness'] })],
        settings: { require: ['liveness'] },
        expected: unchanged,
      },
    ],
    [
      'of an address with a signature the bytes decide, since the rest looks the same',
      {
        events: [event({ photo: 'https://h/a.jpg?redacted' })],
        line: { photo: secret('1') },
        expected: compared,
      },
    ],
    [
      'an id that was written with blanks is known with them',
      { events: [event({ subjectId: ' a' })], line: { writtenId: ' a' }, expected: unchanged },
    ],
    [
      'and without them, which counts first',
      {
        events: [event(), rejected({ subjectId: ' a', at: timeAt(5) })],
        line: { writtenId: ' a' },
        expected: unchanged,
      },
    ],
    [
      'a line without a subject has nothing',
      { events: [event()], line: { subjectId: undefined }, expected: feed },
    ],
    [
      'nor one without a photo, but for its subject',
      { events: [event()], line: { photo: undefined }, expected: compared },
    ],
  ])('%s', async (_, given) => {
    for (const bySnapshot of [false, true])
      expect(await decide(given, listed, bySnapshot)).toEqual(given.expected);
  });

  it.each<[Partial<Settings>, unknown]>([
    // The newest photo stands for its subject, or each for itself.
    [{ sameSubject: 'repeat', repeat: 'first' }, compared],
    [{ sameSubject: 'repeat', repeat: 'last' }, compared],
    [{ sameSubject: 'collision', repeat: 'each' }, compared],
    [{ sameSubject: 'repeat', repeat: 'each' }, unchanged],
  ])('with %j of two photos of a subject', async (settings, expected) => {
    const events = [
      event(),
      event({ photo: '/x/2.jpg', at: timeAt(0) }),
      event({ photo: '/x/3.jpg', at: timeAt(2) }),
    ];
    const newest = { ...compared, known: { enrolled: print, enrolledAt: timeAt(2) } };
    expect(await decide({ events, settings, expected }, listed, false)).toEqual(
      expected === compared ? newest : expected,
    );
  });

  it('is void once the subject’s templates were erased', async () => {
    const log = createErasureLog(state, { engine: common.engine, account: common.account });
    await log.append({ subjectId: 'a', templates: [], notBefore: Date.parse(timeAt(3)) });
    await log.close();
    expect(await decide({ events: [event()], expected: feed }, listed, false)).toEqual(feed);
  });
});

describe('a file of the same name in another folder', () => {
  const otherFolder = expect.objectContaining({ folder: '/x' });
  it.each<[string, Case]>([
    [
      'is marked',
      { events: [ofFolder()], line: { photo: '/y/a.jpg' }, expected: { kind: 'feed', otherFolder } },
    ],
    [
      'is marked where it waits for another',
      {
        events: [ofFolder()],
        line: { photo: '/y/a.jpg' },
        decision: { kind: 'feed-after', seq: 7 },
        expected: { kind: 'feed-after', seq: 7, otherFolder },
      },
    ],
    ['is none in the same folder', { events: [ofFolder()], expected: feed }],
    [
      'is none that was settled',
      { events: [ofFolder()], line: { photo: '/y/a.jpg' }, decision: repeated, expected: repeated },
    ],
    [
      'is marked in an incremental run, with what is known of its bytes',
      {
        events: [ofFolder()],
        line: { photo: '/y/a.jpg' },
        settings: { incremental: true },
        expected: { ...compared, otherFolder },
      },
    ],
    [
      'is none where the archive moved',
      { events: [ofFolder()], line: { photo: '/y/a.jpg' }, settings: { replace: true }, expected: feed },
    ],
    [
      'is none where ids are the list’s own',
      {
        events: [ofFolder()],
        line: { photo: '/y/a.jpg' },
        settings: { idsFromPaths: false },
        expected: feed,
      },
    ],
    [
      'is none where only a signature differs',
      {
        events: [ofFolder({ photo: 'https://h/a.jpg?redacted', folder: 'https://h' })],
        line: { photo: secret('/2/') },
        expected: feed,
      },
    ],
  ])('%s', async (_, given) => {
    for (const bySnapshot of [false, true])
      expect(await decide(given, inFolders, bySnapshot)).toEqual(given.expected);
  });
});

describe('a template from when blanks were part of an id', () => {
  it('is kept, unless it was erased', async () => {
    const subjectId = ' a';
    const templateId = templateIdOf({ engine: 'ooto', subjectId });
    await createLedgerOnDisk(state, common.account).addNight([event({ subjectId, templateId })]);
    expect((await openKeptTemplates({ state, ...common }))('a')).toBe(templateId);
    const log = createErasureLog(state, { engine: common.engine, account: common.account });
    await log.append({ subjectId, templates: [], notBefore: Date.parse(timeAt(3)) });
    await log.close();
    expect((await openKeptTemplates({ state, ...common }))('a')).toBeUndefined();
  });
});

describe('a run that is listed while another is undone', () => {
  it.each([false, true])(
    'knows of it for who is listed from then on (by a snapshot: %s)',
    async (bySnapshot) => {
      const ledger = createLedgerOnDisk(state, common.account);
      await ledger.addNight(['a', 'b', 'c'].map((subjectId) => ofSubject(subjectId)));
      if (bySnapshot) await ledger.renew();
      let count = 1;
      const lookup = await openLedgerLookup({ state, ...common, settings: listed, listed: () => count });
      await ledger.addNight(
        ['a', 'b'].map((subjectId) => ofSubject(subjectId, { kind: 'undone', at: timeAt(2) })),
      );
      count = 3;
      const kinds: string[] = [];
      for (const [index, subjectId] of ['a', 'b', 'c'].entries()) {
        const line = { seq: index + 1, subjectId, photo: `/x/${subjectId}.jpg`, version: 'v1' };
        await lookup.prepare([line]);
        kinds.push(lookup.decide(line, feed).kind);
      }
      await lookup.close();
      // The first was listed before, so that the undoing has seen it there.
      expect(kinds).toEqual(['settle', 'feed', 'settle']);
    },
  );
});

const ofSubject = (subjectId: string, more: Partial<LedgerEvent> = {}) =>
  event({
    ...{ subjectId, photo: `/x/${subjectId}.jpg` },
    templateId: templateIdOf({ engine: 'ooto', subjectId }),
    ...more,
  });
