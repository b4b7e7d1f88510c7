import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scene } from './scene.ts';
import { until } from './until.ts';

/** `rollcall serve` of a scene as a process; `page`: the address of its page, with the token. */
export async function servePage(scene: Scene): Promise<{ page: string; address: string }> {
  const server = scene.start(['serve', '--port', '0']);
  const address = await until(() => /^http:\S+/.exec(server.stdout())?.[0]);
  const token = (await readFile(join(scene.stateFolder, 'serve-token'), 'utf8')).trim();
  return { address, page: new URL(`#token=${token}`, address).href };
}
