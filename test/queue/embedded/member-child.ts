import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openEmbeddedPostgres } from '../../../src/queue/embedded/open-embedded-postgres.ts';

// Uses the server of a folder until its input is closed. Says the server's process id, or why there is none.
const folder = process.argv[2] ?? '';
const server = await openEmbeddedPostgres({ folder }).catch((error: Error) => {
  console.log(error.message);
  process.exit(1);
});
console.log(Number.parseInt(await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8'), 10));
process.stdin.resume();
process.stdin.once('end', () => void server.close());
