// Writes docs/reference/, which is made from the code: `npm run reference`. test/docs/reference.test.ts holds it true.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { referenceFiles } from './reference/files.ts';

const folder = join(process.cwd(), 'docs', 'reference');
await mkdir(folder, { recursive: true });
for (const [name, text] of await referenceFiles()) await writeFile(join(folder, name), text);
