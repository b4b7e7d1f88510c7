import { createHash, createHmac, randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { isSame } from './token.ts';

/** Sessions of browsers. They outlast a restart of the server, and end with the token that they were begun with. */
export interface Sessions {
  /** The value of `Set-Cookie` for a new session. */
  begin(): string;
  /** The value of `Set-Cookie` that takes the cookie away; the session is over for whoever has it, when it resolves. */
  end(cookies: string | undefined): Promise<string>;
  isKnown(cookies: string | undefined): boolean;
}

const lastsInSeconds = 7 * 24 * 3600;

/** Sessions that were ended, until they would have ended by themselves. By id: when, in seconds since 1970. */
export interface EndedSessions {
  readonly known: ReadonlyMap<string, number>;
  keep(ended: ReadonlyMap<string, number>): Promise<void>;
}

/** `name` tells the servers of one machine apart: cookies know no ports. */
export function createSessions({
  token,
  name,
  ended: { known, keep } = { known: new Map(), keep: async () => {} },
  now = Date.now,
}: {
  token: string;
  name: string;
  /** Absent: they are known until the server stops. */
  ended?: EndedSessions;
  now?: () => number;
}): Sessions {
  const cookie = `rollcall-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
  const ended = new Map(known);
  const sign = (text: string) => createHmac('sha256', token).update(text).digest('base64url');
  const setCookie = (value: string, maxAge: number) =>
    stringifySetCookie({ name: cookie, value, maxAge, path: '/', httpOnly: true, sameSite: 'strict' });
  /** `id.end.signature`, the end in seconds since 1970. */
  const find = (cookies = '') => {
    const session = parseCookie(cookies)[cookie] ?? '';
    const [id = '', until = '', signature = ''] = session.split('.');
    const isRight = isSame(signature, sign(`${id}.${until}`)) && Number(until) * 1000 > now();
    return isRight && !ended.has(id) ? { id, until: Number(until) } : undefined;
  };
  return {
    begin() {
      const session = `${randomBytes(16).toString('base64url')}.${Math.floor(now() / 1000) + lastsInSeconds}`;
      return setCookie(`${session}.${sign(session)}`, lastsInSeconds);
    },
    async end(cookies) {
      const session = find(cookies);
      if (session) {
        ended.set(session.id, session.until);
        for (const [id, until] of ended) if (until * 1000 < now()) ended.delete(id);
        await keep(ended);
      }
      return setCookie('', 0);
    },
    isKnown: (cookies) => find(cookies) !== undefined,
  };
}
