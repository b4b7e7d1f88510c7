import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const fixture = fileURLToPath(new URL('../fixtures/former-state/', import.meta.url));

/** The time that the photos had when the former version listed them: part of their version. */
const photoTime = new Date('2026-11-01T00:00:00Z');

/**
 * Lays down the state that version 0.1.0 left, and its archive of eight photos `p001.jpg` to `p008.jpg`:
 * - `night-1`, finished: the first three were enrolled;
 * - p003 was forgotten since;
 * - a schedule `nightly`;
 * - `night-2`, incremental, started with `--max-calls 2 --max-attempts 7 --keep-demographics`, paused by its budget
 *   after p004 and p005.
 *
 * What differs from place to place (folder, address, account) is filled in, with the checksums that follow from it. The
 * ids of the account and of the forgotten subject are computed as that version did.
 */
export async function layFormerState(place: {
  stateFolder: string;
  archive: string;
  engineUrl: string;
  appId: string;
}): Promise<void> {
  const { stateFolder, archive, engineUrl, appId } = place;
  await cp(join(fixture, 'archive'), archive, { recursive: true });
  for (const name of await readdir(archive)) await utimes(join(archive, name), photoTime, photoTime);
  const account = sha256(`ooto\n${engineUrl}\n${appId}`).slice(0, 16);
  const markOfP003 = sha256(`rollcall.forgotten\n${account}\np003`);
  const fillIn = (text: string) =>
    text
      .replaceAll('{{archive}}', archive)
      .replaceAll('{{engineUrl}}', engineUrl)
      .replaceAll('{{account}}', account)
      .replaceAll('{{mark of p003}}', markOfP003);
  const texts = new Map<string, string>();
  for (const path of (await readdir(join(fixture, 'state'), { recursive: true })).sort()) {
    const file = join(fixture, 'state', path);
    if ((await stat(file)).isFile()) texts.set(path, fillIn(await readFile(file, 'utf8')));
  }
  for (const [path, text] of texts) {
    const target = join(stateFolder, path.replace(/\baccount\b/, account));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, withChecksums(text, { path, texts }), { mode: 0o600 });
  }
}

/** `run.json` names the checksum of its manifest, `summary.json` that of its report. */
function withChecksums(
  text: string,
  { path, texts }: { path: string; texts: ReadonlyMap<string, string> },
): string {
  const of = { 'run.json': 'manifest.jsonl', 'summary.json': 'report.jsonl' }[path.split('/').at(-1) ?? ''];
  const listed = of === undefined ? undefined : texts.get(join(dirname(path), of));
  if (listed === undefined) return text;
  return text.replace(/("(?:sha256|reportSha256)": ?")[0-9a-f]{64}"/, `$1${sha256(listed)}"`);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
