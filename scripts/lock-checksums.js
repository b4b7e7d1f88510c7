// Fills in the checksums that npm leaves out of package-lock.json: those of packages for other platforms than the one
// on which the lock file was made. Run it after `npm install` changed the lock file: `npm run lock:checksums`.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const file = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(await readFile(file, 'utf8'));
for (const [path, entry] of Object.entries(lock.packages)) {
  if (path === '' || entry.link === true || entry.integrity !== undefined) continue;
  const name = entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const { stdout } = await promisify(execFile)('npm', ['view', `${name}@${entry.version}`, 'dist.integrity']);
  if (!/^sha512-\S+$/.test(stdout.trim()))
    throw new Error(`The registry has no checksum of ${name}@${entry.version}.`);
  // Where npm itself puts it: behind the version.
  const { version, ...rest } = entry;
  lock.packages[path] = { version, integrity: stdout.trim(), ...rest };
  console.log(`${name}@${entry.version}`);
}
await writeFile(file, `${JSON.stringify(lock, undefined, 2)}\n`);
