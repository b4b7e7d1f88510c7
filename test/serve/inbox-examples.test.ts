import { readFile, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { makePhoto } from '../helpers/photos.ts';
import { token } from './open-app.ts';
import { openDoor } from './open-door.ts';

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const has = async (program: string) => (await execa('which', [program], { reject: false })).exitCode === 0;

async function serveDoor() {
  const { app, folder, post } = await openDoor();
  await app.listen({ host: '127.0.0.1', port: 0 });
  await writeFile(join(folder, '17.jpg'), await makePhoto());
  await writeFile(join(folder, 'no-photo'), 'text');
  const address = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  const { PATH, HOME } = process.env;
  // Go's standard library is enough: nothing is fetched.
  const env = { PATH, HOME, ROLLCALL_TOKEN: token, GOFLAGS: '-mod=mod', GOPROXY: 'off' };
  const run = (program: string, args: readonly string[]) =>
    execa(program, args, { cwd: folder, env, extendEnv: false, reject: false });
  return { address, folder, post, run };
}

describe('an inbox is given photos', () => {
  const languages = [
    ['Python', 'python3', [inProject('scripts/examples/inbox-add.py')]],
    ['Go', 'go', ['run', inProject('scripts/examples/inbox-add.go')]],
  ] as const;
  for (const [language, program, args] of languages)
    it(`by ${language}, once`, async ({ skip }) => {
      if (!(await has(program))) return skip();
      const { address, run } = await serveDoor();
      const add = () => run(program, [...args, address, 'door', 'emp-17=17.jpg', 'emp-18=no-photo']);
      const first = await add();
      expect(first).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(/^emp-17 door-\S+ 1 new$/) });
      expect(first.stderr).toMatch(/emp-18 refused: .*image/);
      expect((await add()).stdout).toMatch(/^emp-17 door-\S+ 1 repeated$/);
    });

  it('by the commands of docs/inbox-http.md', async () => {
    const { address, folder, run } = await serveDoor();
    const page = await readFile(inProject('docs/inbox-http.md'), 'utf8');
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
    expect(commands).toHaveLength(2);
    for (const [index, command] of commands.entries()) {
      const here = command
        .replaceAll('http://127.0.0.1:8788', address)
        .replaceAll('/archive/', `${folder}/archive/`);
      const { stdout, stderr } = await run('sh', ['-c', here]);
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toMatchObject({ seq: index + 1, repeated: false });
    }
  });
});
