import { randomBytes } from 'node:crypto';
import { link, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder, syncFolder } from './durable-folder.ts';

const idPattern = /^[0-9a-f]{32}$/;

/**
 * The random id of a state folder, from its file `state-id`: the same wherever the folder is mounted. Whoever comes
 * first makes it. A damaged file is left alone and the next name is used, since one that is replaced could be another
 * process's good one by then: so all processes always come to the same id.
 */
export async function readLocalIdentity(folder: string): Promise<string> {
  for (let number = 1; ; number += 1) {
    const path = join(folder, number === 1 ? 'state-id' : `state-id.${number}`);
    const found = (await readIfThere(path)) ?? (await createId(path));
    if (idPattern.test(found.trim())) return found.trim();
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Gives the file its name only when it is whole and durable; where another process was first, its id counts. */
async function createId(path: string): Promise<string> {
  await makeFolder(join(path, '..'));
  const id = randomBytes(16).toString('hex');
  const draft = `${path}.${id.slice(0, 12)}.tmp`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${id}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    await syncFolder(join(path, '..'));
  } finally {
    await rm(draft, { force: true });
  }
  return readFile(path, 'utf8');
}
