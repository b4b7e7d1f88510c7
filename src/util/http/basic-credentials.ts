import { decodeSafely } from '../decode-safely.ts';

/** What an address's user and password are in a header of HTTP; undefined: it has neither. */
export function basicCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const userAndPassword = `${decodeSafely(username)}:${decodeSafely(password)}`;
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}
