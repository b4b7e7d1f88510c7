import { describe, expect, it } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import { startTestRedis } from '../helpers/redis-server.ts';

const onError = () => undefined;
const failure = (queue: string) =>
  openQueue({ queue, onError }).then(
    () => undefined,
    (error: unknown) => error,
  );

describe('opening a queue', () => {
  it('refuses what it does not know, and an embedded queue without a folder', async () => {
    expect(await failure('mysql://x')).toMatchObject({ code: 'queue-unknown', exitCode: 2 });
    expect(await failure('nonsense')).toMatchObject({ code: 'queue-unknown', exitCode: 2 });
    expect(await failure('embedded')).toMatchObject({ code: 'queue-needs-folder', exitCode: 2 });
  });

  it.each(['redis', 'rediss', 'postgres'])(
    'says which server cannot be reached, without its password: %s',
    async (scheme) => {
      const error = await failure(`${scheme}://user:secret@127.0.0.1:1/0`);
      expect(error).toMatchObject({ code: 'queue-unreachable', exitCode: 4 });
      const { message } = error as Error;
      expect(message).toContain('127.0.0.1:1');
      expect(message).toContain('--queue');
      expect(message).toContain('ECONNREFUSED');
      expect(message).not.toContain('secret');
    },
  );

  it('says that Redis did not accept the password', async () => {
    const server = await startTestRedis();
    await server.ask('CONFIG', 'SET', 'requirepass', 'right');
    for (const login of ['', ':wrong@', 'user:wrong@']) {
      const error = await failure(server.url.replace('//', `//${login}`));
      expect(error, login).toMatchObject({ code: 'queue-unreachable', exitCode: 4 });
      expect((error as Error).message, login).toMatch(/NOAUTH|WRONGPASS/);
    }
    await server.close();
  });

  it('refuses a Redis that evicts, also where CONFIG is not allowed', async () => {
    const server = await startTestRedis({
      args: ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'],
    });
    const asked = await failure(server.url);
    expect(asked).toMatchObject({ code: 'queue-evicts', exitCode: 2 });
    expect((asked as Error).message).toContain('CONFIG SET maxmemory-policy noeviction');
    await server.ask('ACL', 'SETUSER', 'guest', 'on', '>guest', '~*', '&*', '+@all', '-config');
    const guest = server.url.replace('//', '//guest:guest@');
    expect(await failure(guest)).toMatchObject({ code: 'queue-evicts', exitCode: 2 });
    await server.ask('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    const backend = await openQueue({ queue: guest, onError });
    await backend.close();
    await server.close();
  });
});
