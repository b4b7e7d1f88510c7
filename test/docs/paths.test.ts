import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { brokenLinks } from '../package/markdown-links.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** A file of the project in backticks: `test/…`, `src/…`, or from a room on, `worker/work-photo.ts`. */
const namedFile = /`((?:[\w.-]+\/)*[\w.-]+\.(?:ts|js|sh|md|json|yml))`|`((?:[\w.-]+\/)+)`/g;

/** Names of files that runs write, of users, and of an engine's pages; not of the project. */
const isOfARun = (path: string) => /\.jsonl?$/.test(path) && !path.includes('package.json');

it('every file and folder that the documents name is there', async () => {
  const rooms = (await readdir(join(root, 'src'), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  const topFolders = ['src', 'test', 'scripts', 'docs', ...rooms];
  const missing: string[] = [];
  let named = 0;
  for (const document of await listDocuments()) {
    const text = await readFile(join(root, document), 'utf8');
    for (const [, file, folder] of text.matchAll(namedFile)) {
      const path = file ?? folder ?? '';
      const [top = ''] = path.split('/');
      const isOfProject = path.includes('/') ? topFolders.includes(top) : /\.[tj]s$/.test(path);
      if (!isOfProject || isOfARun(path)) continue;
      named += 1;
      const places = [path, join('src', path), join('test', path), join(dirname(document), path)];
      if (!places.some((place) => existsSync(join(root, place)))) missing.push(`${document}: ${path}`);
    }
  }
  expect(missing).toEqual([]);
  expect(named).toBeGreaterThan(100);
});

it('every link within the documents leads somewhere', async () => {
  const broken = (await listDocuments()).map((document) => brokenLinks(join(root, document)));
  expect((await Promise.all(broken)).flat()).toEqual([]);
});

async function listDocuments(): Promise<string[]> {
  const inDocs = await readdir(join(root, 'docs'), { recursive: true });
  const documents = inDocs.filter((name) => name.endsWith('.md')).map((name) => join('docs', name));
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', ...documents];
}
