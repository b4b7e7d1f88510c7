import { decodeSafely } from './decode-safely.ts';

/** A shorter value of a query is no secret, and would tear words apart. */
const shortestValue = 16;

/** What a text that repeats an address, or parts of it, would leak: its password, and its query as a whole and in parts. */
export function secretsOfAddress(address: string): string[] {
  const { user = '', password = '', query = '' } = addressParts.exec(address)?.groups ?? {};
  const values = query.split('&').flatMap((part) => [part, part.slice(part.indexOf('=') + 1)]);
  const long = [user, ...values].filter((value) => value.length >= shortestValue);
  const secrets = [password, ...(query === '' ? [] : [address, query]), ...long].filter(Boolean);
  return [...secrets, ...secrets.map(decodeSafely)];
}

const addressParts =
  /^(?:[^/?#]*:\/\/(?:(?<user>[^/?#:]*)(?::(?<password>[^/?#]*))?@)?)?[^?]*(?:\?(?<query>.*))?$/su;
