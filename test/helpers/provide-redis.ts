import { findOrInstall } from './provide-program.ts';

/** How the tests get a Redis of their own: the program on this machine, or its image in Docker. */
export type RedisKind = 'program' | 'docker';

let found: Promise<RedisKind> | undefined;

/**
 * Finds `redis-server`, else installs it with apt where that is allowed (as root), else falls back to Docker; once for
 * all test files, when the first of them asks for it.
 * @throws where there is neither, saying what to install: tests of Redis fail then, they are never left out
 */
export function provideRedis(): Promise<RedisKind> {
  found ??= find();
  return found;
}

async function find(): Promise<RedisKind> {
  const refusal = await findOrInstall({ program: 'redis-server', debianPackage: 'redis-server' });
  if (refusal === undefined) return 'program';
  try {
    // Takes a second to load, and is seldom needed.
    const { getContainerRuntimeClient } = await import('testcontainers');
    await getContainerRuntimeClient();
    console.error('redis-server is missing: using its image in Docker.');
    return 'docker';
  } catch (error) {
    throw new Error(
      `The tests need Redis and found none (${refusal}; Docker: ${(error as Error).message}). Install it ` +
        '(apt-get install redis-server, brew install redis) or start Docker, and run them again.',
    );
  }
}
