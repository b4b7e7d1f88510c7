import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withoutPassword } from '../../src/queue/queue-address.ts';
import { parseRedisAddress } from '../../src/queue/redis/redis-address.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

describe('the address of a Redis', () => {
  it('is one server, sentinels with a master, or nodes of a Cluster', () => {
    expect(parseRedisAddress('redis://localhost')).toEqual({
      kind: 'server',
      nodes: [{ host: 'localhost', port: 6379 }],
      db: 0,
    });
    expect(parseRedisAddress('redis://worker:p%40ss:word@[::1]:7000/3')).toEqual({
      kind: 'server',
      nodes: [{ host: '::1', port: 7000 }],
      username: 'worker',
      password: 'p@ss:word',
      db: 3,
    });
    expect(
      parseRedisAddress('redis+sentinel://:pw@s1,s2:7001/my%20master/2?sentinelUser=u&sentinelPassword=p'),
    ).toEqual({
      kind: 'sentinel',
      nodes: [
        { host: 's1', port: 26_379 },
        { host: 's2', port: 7001 },
      ],
      password: 'pw',
      masterName: 'my master',
      db: 2,
      sentinelUsername: 'u',
      sentinelPassword: 'p',
    });
    expect(parseRedisAddress('rediss+cluster://n1:7000,n2:7001')).toMatchObject({
      kind: 'cluster',
      nodes: [
        { host: 'n1', port: 7000 },
        { host: 'n2', port: 7001 },
      ],
      tls: {},
    });
  });

  it('names PEM files for TLS', async () => {
    const folder = await makeTemporaryFolder();
    const file = join(folder.path, 'ca.pem');
    await writeFile(file, 'the CA');
    expect(parseRedisAddress(`rediss://h?ca=${file}`).tls).toEqual({ ca: 'the CA' });
    expect(() => parseRedisAddress(`rediss://h?cert=${file}x`)).toThrow(/cert= in --queue .* cannot be read/);
    await folder.remove();
  });

  it.each([
    ['redis://', 'a host is missing'],
    ['redis://h:port', 'a port is no number'],
    ['redis://u:secret@a,b', 'redis+sentinel://'],
    ['redis+sentinel://u:secret@a', 'the name of the master is missing'],
    ['redis+cluster://a/1', 'the database 0 only'],
    ['redis://a/one', 'the number of a database'],
    ['redis://a/1/2', 'the number of a database'],
  ])('that is wrong is refused with what is wrong: %s', (address, why) => {
    const refuse = () => parseRedisAddress(address);
    expect(refuse).toThrow(why);
    expect(refuse).toThrow('--queue (ROLLCALL_QUEUE)');
    expect(refuse).not.toThrow('secret');
  });

  it('is shown without its passwords', () => {
    expect(withoutPassword('redis://u:secret@h:1/0')).toBe('redis://u:***@h:1/0');
    expect(withoutPassword('redis+sentinel://:se@cret@a:1,b:2/m?sentinelPassword=secret&x=1')).toBe(
      'redis+sentinel://:***@a:1,b:2/m?sentinelPassword=***&x=1',
    );
    expect(withoutPassword('postgres://u:se/cret@h/db?password=secret')).toBe('postgres://***');
    expect(withoutPassword('redis://u:se#cret@h')).toBe('redis://***');
    expect(withoutPassword('nonsense')).toBe('(not a URL)');
  });
});
