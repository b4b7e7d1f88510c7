import { createHash } from 'node:crypto';

/** One user's account at one engine: engine, address and app id, never the key. Pace, pause and ledger belong to it. */
export interface AccountIdentity {
  readonly engine: string;
  readonly url: string;
  readonly appId: string;
}

/** 16 hex digits; the app id cannot be read back from them. */
export function accountIdOf({ engine, url, appId }: AccountIdentity): string {
  return createHash('sha256').update(`${engine}\n${url}\n${appId}`).digest('hex').slice(0, 16);
}
