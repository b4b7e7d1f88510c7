import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { addFrom } from '../../src/runs/inbox/add-from.ts';
import type { Inbox } from '../../src/runs/inbox/inbox.ts';
import { InboxError } from '../../src/runs/inbox/inbox-error.ts';

const { signal } = new AbortController();

/** Takes in all but those of nobody, one after the other. */
function openInbox(): { inbox: () => Inbox; folder: string; subjects: string[] } {
  const subjects: string[] = [];
  const add = async ({ subjectId }: { subjectId: string }) => {
    if (subjectId === 'nobody') throw new InboxError('bad-photo', 'The subject id is none.');
    return { runId: 'door', seq: subjects.push(subjectId), repeated: false };
  };
  const inbox = () => ({ add, tend: async () => {}, close: async () => {} }) as unknown as Inbox;
  return { inbox, folder: '/', subjects };
}

async function give(...pieces: (string | Buffer)[]) {
  const rollcall = openInbox();
  const given: number[] = [];
  let message = '';
  const stdin = Readable.from(
    pieces.map((piece) => Buffer.from(piece)),
    { objectMode: false },
  );
  // As of a pipe in which more waits: then lines are given in batches.
  Object.defineProperty(stdin, 'readableLength', { value: 1 });
  try {
    for await (const { seq } of addFrom(rollcall, 'door', { source: '-', stdin, signal })) given.push(seq);
  } catch (error) {
    ({ message } = error as Error);
  }
  return { given, message, subjects: rollcall.subjects };
}
const line = (subjectId: string) => `${JSON.stringify({ subjectId, photo: '/a.jpg' })}\n`;
const badText = Buffer.from(line('Mxller'));
badText[badText.indexOf('x')] = 0xfc;

describe('lines of a pipe', () => {
  it.each<[string, (string | Buffer)[], string[], string]>([
    ['all are photos', [line('a'), '\n', line('b')], ['a', 'b'], ''],
    ['none', [], [], 'No photo came on stdin: did the program that writes them fail?'],
    ['blank ones alone', ['\n \n'], [], 'No photo came on stdin: did the program that writes them fail?'],
    [
      'one is none: nothing behind it is taken in',
      [`${line('a')}oops\n${line('b')}`],
      ['a'],
      'Line 2 is no photo: expected a JSON object with subjectId and photo, perhaps templateId, version, metadata, key. Taken in: line 1; no others.',
    ],
    [
      'the writer died in a line',
      [line('a'), line('b').slice(0, -10)],
      ['a'],
      'Line 2 is no photo: expected a JSON object with subjectId and photo, perhaps templateId, version, metadata, key. Taken in: line 1; no others.',
    ],
    [
      'one is not valid UTF-8',
      [Buffer.concat([Buffer.from(line('a')), badText])],
      ['a'],
      'Line 2 is not valid UTF-8. Taken in: line 1; no others.',
    ],
    [
      'the first is none',
      ['[]\n'],
      [],
      'Line 1 is no photo: expected a JSON object with subjectId and photo, perhaps templateId, version, metadata, key. No line was taken in.',
    ],
    [
      'the inbox refuses some: what was taken in beside them is given back and named',
      [[line('a'), line('nobody'), line('b'), line('c'), line('nobody'), line('d')].join('')],
      ['a', 'b', 'c', 'd'],
      'Line 2: The subject id is none. Taken in: lines 1, 3 to 4, 6; no others.',
    ],
  ])('%s', async (_, pieces, subjects, message) => {
    const end = await give(...pieces);
    expect(end).toEqual({ given: subjects.map((_, index) => index + 1), message, subjects });
  });

  it('a later batch tells of the earlier ones', async () => {
    const many = Array.from({ length: 250 }, (_, index) => line(index === 220 ? 'nobody' : `s-${index}`));
    const { given, message } = await give(many.join(''));
    expect(given).toHaveLength(249);
    expect(message).toBe(
      'Line 221: The subject id is none. Taken in: lines 1 to 220, 222 to 250; no others.',
    );
  });
});
