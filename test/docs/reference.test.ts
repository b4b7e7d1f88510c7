import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { referenceFiles } from '../../scripts/reference/files.ts';
import { formats, jsonSchemaOf } from '../../scripts/reference/formats.ts';
import { manifestRowSchema } from '../../scripts/reference/manifest-row.ts';
import { readJsonlRow } from '../../src/sources/manifest/jsonl-row.ts';

const folder = fileURLToPath(new URL('../../docs/reference/', import.meta.url));

it('docs/reference/ is what the code says: npm run reference writes it', async () => {
  const made = await referenceFiles();
  for (const [name, text] of made) expect(await readFile(join(folder, name), 'utf8'), name).toBe(text);
  const there = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  expect(there.toSorted()).toEqual([...made.keys()].toSorted());
  const page = await readFile(join(folder, 'README.md'), 'utf8');
  for (const name of made.keys()) expect(page).toContain(`](${name})`);
});

it.each(Object.entries(formats))(
  'the example of %s is one, for the code and by its JSON Schema',
  (_, format) => {
    expect(format.schema.safeParse(format.example).error).toBeUndefined();
    const { examples: _examples, ...schema } = jsonSchemaOf(format) as { examples: unknown[] };
    const read = z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
    expect(read.safeParse(format.example).error).toBeUndefined();
    expect(read.safeParse({ ...(format.example as object), laterField: 1 }).success).toBe(!format.isStrict);
    expect(read.safeParse({}).success).toBe(false);
  },
);

it.each<[string, unknown, boolean]>([
  ['by its usual names', { subjectId: 'a', photo: 'a.jpg' }, true],
  ['by other names, with a number and columns of its own', { id: 7, photo: 'a.jpg', team: 'red' }, true],
  ['with a template', { subject_id: 'a', photo: 'a.jpg', template_id: 't', version: 3 }, true],
  ['without a subject', { photo: 'a.jpg' }, false],
  ['without a photo', { id: 'a' }, false],
  ['with half a number', { id: 1.5, photo: 'a.jpg' }, false],
])('a row %s is to the JSON Schema what it is to the reader', (_, row, isRow) => {
  expect(manifestRowSchema.safeParse(row).success).toBe(isRow);
  const read = readJsonlRow(Buffer.from(JSON.stringify(row)), { redrive: 'all', templateIdOf: () => '' });
  const isRead =
    read.kind === 'row' &&
    read.problem === undefined &&
    read.fields.subjectId !== undefined &&
    read.fields.photo !== undefined;
  expect(isRead).toBe(isRow);
});
