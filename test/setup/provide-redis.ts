import { provideRedis } from '../helpers/provide-redis.ts';

/** Once for all tests, before they start. Where there is no Redis, the tests that need it fail and say so. */
export default async function setup(): Promise<void> {
  await provideRedis().catch((error: Error) => console.error(error.message));
}
