import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { boundedLines } from '../../src/sources/manifest/bounded-lines.ts';
import { readJsonlRow } from '../../src/sources/manifest/jsonl-row.ts';
import { openSource } from '../../src/sources/open-source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { listAll } from './source-conformance.ts';

let folder: TemporaryFolder;
let path: string;
beforeEach(async () => {
  folder = await makeTemporaryFolder();
  path = join(folder.path, 'people.jsonl');
});
afterEach(() => folder.remove());

async function list(content: string | Buffer, options = {}) {
  await writeFile(path, content);
  return listAll(await openSource(path, options));
}

test.each([
  ['[{"id":1}]', /begins with a JSON array; one object a line is needed/],
  [Buffer.from('\uFEFF{"id":"1"}', 'utf16le'), /is UTF-16 text/],
  [Buffer.from([0x1f, 0x8b, 8, 0]), /is compressed/],
  [Buffer.from([1, 0, 2, 10]), /is a binary file/],
])('%j is no manifest', async (content, message) => {
  await expect(list(content)).rejects.toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
});

test.each([
  ['{"id":"1","photo":"a.jpg"', 'is not a JSON object'],
  ['"text"', 'is not a JSON object'],
  ['null', 'is not a JSON object'],
  ['{"id":{"x":1},"photo":"a.jpg"}', 'has a "id" that is neither text nor a whole number'],
  ['{"id":1.5,"photo":"a.jpg"}', 'has a "id" that is neither text nor a whole number'],
  ['{"id":"1","photo":"a.jpg","id":"2"}', 'has "id" twice'],
  ['{"id":"1","photo":"a.jpg","ph\\u006fto":"b.jpg"}', 'has "photo" twice'],
  ['{"id":"1","photo":"a.jpg","template_id":"x","template_id":"x"}', 'has "template_id" twice'],
  ['{"id":"1","photo":["a.jpg"]}', 'has a "photo" that is neither text nor a whole number'],
  ['{"id":"\\u0000","photo":"a.jpg"}', 'NUL'],
  ['{"id":"\\ud800","photo":"a.jpg"}', 'not valid Unicode'],
  [Buffer.from('{"id":"é","photo":"a.jpg"}', 'latin1'), 'is not valid UTF-8'],
  ['['.repeat(500_000), 'is not a JSON object'],
])('%#: a wrong line is a problem, and the next one goes on', async (line, problem) => {
  const listed = await list(
    Buffer.concat(
      ['{"id":"0","photo":"0.jpg"}\n', line, '\n{"id":"2","photo":"b.jpg"}'].map((part) => Buffer.from(part)),
    ),
  );
  expect(listed).toEqual([
    expect.objectContaining({ row: 1, subjectId: '0' }),
    expect.objectContaining({ row: 2, problem: expect.stringContaining(problem) }),
    expect.objectContaining({ row: 3, subjectId: '2' }),
  ]);
});

test('names of metadata may be those of fields, and come again in other objects', async () => {
  const line = '{"id":"1","photo":"a.jpg","metadata":{"id":"x","photo":"y"},"more":{"id":"z"}}';
  const [photo] = await list(line);
  expect(photo).toMatchObject({ subjectId: '1', photo: join(folder.path, 'a.jpg') });
  expect(photo).not.toHaveProperty('problem');
});

describe('a report of an earlier run', () => {
  const line = (status: string, more = {}) =>
    JSON.stringify({
      schema: 'rollcall.report/1',
      run: 'r',
      seq: 1,
      subjectId: status,
      photo: `/archive/${status}.jpg`,
      status,
      engine: 'ooto',
      metadata: { dept: 'x' },
      checks: { liveness: {} },
      ...more,
    });
  const statuses = ['enrolled', 'rejected', 'failed', 'duplicate', 'skipped', 'cancelled'];
  const report = `${statuses.map((status) => line(status)).join('\n')}\n`;

  test('lists again what was rejected, failed or cancelled, wherever the photos lie', async () => {
    const listed = await list(report);
    expect(listed.map(({ cursor: _, ...photo }) => photo)).toEqual(
      ['rejected', 'failed', 'cancelled'].map((status) => ({
        subjectId: status,
        photo: `/archive/${status}.jpg`,
        metadata: { dept: 'x' },
        row: statuses.indexOf(status) + 1,
      })),
    );
    expect(await list(report, { redrive: 'all' })).toHaveLength(6);
  });

  test('keeps a template id that was given, and leaves one that follows from the subject to the engine', async () => {
    const derived = templateIdOf({ engine: 'ooto', subjectId: 'failed' });
    const lines = [
      line('failed', { templateId: 'given-by-hand' }),
      line('failed', { templateId: derived }),
      line('failed', { templateId: 'failed', engine: 'verihubs' }),
    ];
    const listed = await list(lines.join('\n'), { templateIdOf });
    expect(listed.map(({ templateId }) => templateId)).toEqual(['given-by-hand', undefined, undefined]);
  });

  test('says what cannot be fetched again, for the report holds its address without the secret', async () => {
    const [photo] = await list(line('failed', { photo: 'https://photos.example/a.jpg?redacted' }));
    expect(photo?.problem).toContain('list it from the manifest again');
  });
});

describe('stdin', () => {
  const people = '{"id":"1","photo":"a.jpg"}\n{"id":"2","photo":"b.jpg"}\n';

  test('that ends before the place to go on at is wrong usage', async () => {
    const [, after] = await listAll(await openSource('-', { stdin: Readable.from([people]) }));
    const shorter = await openSource('-', { stdin: Readable.from([people.slice(0, 30)]) });
    await expect(listAll(shorter, after === undefined ? {} : { after })).rejects.toMatchObject({
      exitCode: 2,
      code: 'source-changed',
    });
  });

  test('that stays silent is left when the signal aborts', async () => {
    const stdin = new PassThrough();
    stdin.write(people);
    const controller = new AbortController();
    const listing = (async () => {
      const source = await openSource('-', { stdin });
      let count = 0;
      for await (const _ of source.list({ signal: controller.signal })) {
        count += 1;
        if (count === 2) setImmediate(() => controller.abort(new Error('enough')));
      }
    })();
    await expect(listing).rejects.toThrow('enough');
  });
});

test('lines are the same in whatever chunks they come, and places lie right after them', async () => {
  const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', 'é', '😀') });
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1 }),
      async (content, sizes) => {
        const bytes = Buffer.from(content);
        const chunks: Buffer[] = [];
        for (let at = 0; at < bytes.length; ) {
          const size = sizes[chunks.length % sizes.length] ?? 1;
          chunks.push(bytes.subarray(at, at + size));
          at += size;
        }
        const lines: string[] = [];
        for await (const line of boundedLines(Readable.from(chunks), { offset: 0, row: 0 })) {
          lines.push(line.bytes?.toString() ?? '');
          const isAtLineEnd = bytes[line.after.offset - 1] === 0x0a || line.after.offset === bytes.length;
          expect(isAtLineEnd && line.after.row === lines.length).toBe(true);
        }
        const expected = content.split('\n');
        if (expected.at(-1) === '') expected.pop();
        expect(lines).toEqual(expected);
      },
    ),
  );
});

test('no line makes reading throw', () => {
  const line = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc.object({ key: fc.constantFrom('id', 'photo', 'metadata', 'schema', '__proto__') }).map((value) => {
      return Buffer.from(JSON.stringify(value));
    }),
  );
  fc.assert(
    fc.property(line, fc.constantFrom('unsettled' as const, 'all' as const), (bytes, redrive) => {
      expect(['empty', 'problem', 'settled', 'row']).toContain(
        readJsonlRow(bytes, { redrive, templateIdOf }).kind,
      );
    }),
  );
});
