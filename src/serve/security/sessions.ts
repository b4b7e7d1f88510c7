import { createHash, createHmac, randomBytes } from 'node:crypto';
import { parseCookie, stringifySetCookie } from 'cookie';
import { isSame } from './token.ts';

/** Sessions of browsers. They outlast a restart of the server, and end with the token that they were begun with. */
export interface Sessions {
  /** The value of `Set-Cookie` for a new session. */
  begin(): string;
  /** The value of `Set-Cookie` that takes the cookie away; the session is over for whoever has it. */
  end(cookies: string | undefined): string;
  isKnown(cookies: string | undefined): boolean;
}

const lastsInSeconds = 7 * 24 * 3600;

/** `name` tells the servers of one machine apart: cookies know no ports. */
export function createSessions({
  token,
  name,
  now = Date.now,
}: {
  token: string;
  name: string;
  now?: () => number;
}): Sessions {
  const cookie = `rollcall-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
  const ended = new Set<string>();
  const sign = (text: string) => createHmac('sha256', token).update(text).digest('base64url');
  const setCookie = (value: string, maxAge: number) =>
    stringifySetCookie({ name: cookie, value, maxAge, path: '/', httpOnly: true, sameSite: 'strict' });
  /** `id.end.signature`, the end in seconds since 1970. */
  const find = (cookies = '') => {
    const session = parseCookie(cookies)[cookie] ?? '';
    const [id = '', until = '', signature = ''] = session.split('.');
    const isRight = isSame(signature, sign(`${id}.${until}`)) && Number(until) * 1000 > now();
    return isRight && !ended.has(id) ? id : undefined;
  };
  return {
    begin() {
      const session = `${randomBytes(16).toString('base64url')}.${Math.floor(now() / 1000) + lastsInSeconds}`;
      return setCookie(`${session}.${sign(session)}`, lastsInSeconds);
    },
    end(cookies) {
      const id = find(cookies);
      if (id !== undefined) ended.add(id);
      return setCookie('', 0);
    },
    isKnown: (cookies) => find(cookies) !== undefined,
  };
}
