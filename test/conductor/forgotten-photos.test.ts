import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openForgottenPhotos } from '../../src/conductor/forgotten-photos.ts';
import { templateIdOf } from '../../src/engines/registry.ts';
import { createErasureLog, forgetListFolder, writeForgetEntries } from '../../src/ledger/forget-files.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import type { StateStore } from '../../src/storage/state/state-store.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { timeAt } from '../ledger/ledger-events.ts';

const [engine, account] = ['ooto', 'account'];
let folder: TemporaryFolder;
let state: StateStore;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  state = createLocalStateStore(folder.path);
});
afterEach(async () => {
  vi.useRealTimers();
  await folder.remove();
});

type Step = readonly [kind: 'forget' | 'allow' | 'erase', subject: string, minute: number, template?: string];

async function take([kind, subject, minute, template]: Step) {
  if (kind !== 'erase') {
    const entries = { engine, subjects: [subject], kind, at: timeAt(minute) };
    return writeForgetEntries(state, { folder: forgetListFolder(engine), ...entries });
  }
  vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(timeAt(minute)) });
  const log = createErasureLog(state, { engine, account });
  const templates =
    template === undefined ? [] : [{ templateId: template, existed: true, at: timeAt(minute) }];
  await log.append({ subjectId: subject, templates, notBefore: Date.parse(timeAt(minute)) });
  await log.close();
}

const zoe = { subjectId: 'Zoë'.normalize('NFC') };
const skipped = { status: 'skipped', reason: 'forgotten' };
const erased = { status: 'failed', stored: 'no', error: expect.objectContaining({ kind: 'collision' }) };
const ofBob = templateIdOf({ engine, subjectId: 'bob' });

describe('a photo of a list', () => {
  it.each<[string, Step[], Parameters<ReturnType<typeof openForgottenPhotos>['outcomeOf']>[0], unknown]>([
    ['of whom nobody forgot is called', [['forget', 'ann', 1]], zoe, undefined],
    ['without a subject is called', [['forget', 'ann', 1]], {}, undefined],
    ['of a forgotten subject is skipped', [['forget', 'Zoe\u0308', 1]], zoe, skipped],
    [
      'of one who is allowed again is called',
      [
        ['forget', 'Zoë', 1],
        ['allow', 'Zoë', 2],
      ],
      zoe,
      undefined,
    ],
    [
      'of one whose templates are gone says so',
      [
        ['forget', 'Zoë', 1],
        ['erase', 'Zoë', 2, 'T'],
      ],
      zoe,
      { ...skipped, stored: 'no' },
    ],
    [
      'of one whose templates are gone in the same moment says so',
      [
        ['forget', 'Zoë', 2],
        ['erase', 'Zoë', 2, 'T'],
      ],
      zoe,
      { ...skipped, stored: 'no' },
    ],
    [
      'of one who was forgotten once more since then does not',
      [
        ['forget', 'Zoë', 1],
        ['erase', 'Zoë', 2, 'T'],
        ['forget', 'Zoë', 3],
      ],
      zoe,
      skipped,
    ],
    [
      'that names an erased template id fails',
      [
        ['forget', 'bob', 1],
        ['erase', 'bob', 2, 'T'],
      ],
      { ...zoe, templateId: 'T' },
      erased,
    ],
    [
      'that names another one is called',
      [
        ['forget', 'bob', 1],
        ['erase', 'bob', 2, 'T'],
      ],
      { ...zoe, templateId: 'U' },
      undefined,
    ],
    [
      'whose own template id was erased for another fails',
      [
        ['forget', 'eve', 1],
        ['erase', 'eve', 2, ofBob],
      ],
      { subjectId: 'bob' },
      erased,
    ],
    ['of one who is added for this once is skipped', [], { subjectId: 'o\u0308nce' }, skipped],
  ])('%s', async (_, steps, line, expected) => {
    for (const step of steps) await take(step);
    const photos = openForgottenPhotos({ state, engine, account, alsoForgotten: ['önce'] });
    expect(photos.outcomeOf({ ...line, subjectId: 'Zoë' })).toBeUndefined();
    await photos.lookAgain();
    expect(photos.outcomeOf(line)).toEqual(expected);
  });

  it('that was forgotten meanwhile is skipped a few seconds later, without a look at every batch', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const photos = openForgottenPhotos({ state, engine, account });
    await photos.lookAgain();
    await take(['forget', 'Zoë', 1]);
    const looks = vi.spyOn(state, 'list');
    vi.advanceTimersByTime(3_000);
    await photos.lookAgain();
    expect([photos.outcomeOf(zoe), looks.mock.calls.length]).toEqual([undefined, 0]);
    vi.advanceTimersByTime(1);
    await photos.lookAgain();
    expect(photos.outcomeOf(zoe)).toEqual(skipped);
  });
});
