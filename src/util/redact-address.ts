/** An address as it may be shown; `secret`: something was taken out. */
export interface RedactedAddress {
  readonly address: string;
  readonly secret: boolean;
}

/** What stands where a secret stood; an address with it cannot be fetched. */
const mark = 'redacted';

/** Query parameters that carry no secret; any other one makes the whole query go, since no list of secrets is complete. */
const harmlessParameters = new Set(
  'v version versionid w width h height size format quality q page index name file filename'.split(' '),
);

/**
 * Takes out of an address what would let its reader in: user and password, a query with anything but harmless
 * parameters (a signature, a token), the fragment, the content of a `data:` address. Paths stay as they are.
 */
export function redactAddress(address: string): RedactedAddress {
  if (!address.includes(':')) return { address, secret: false };
  if (/^\s*data:/iu.test(address)) return { address: `data:${mark}`, secret: true };
  const parts = addressParts.exec(address)?.groups;
  if (parts === undefined) return { address, secret: false };
  const { scheme = '', host = '', rest = '' } = parts;
  const isUnclear = /[@?#]/u.test(address) && scheme !== 's3' && !URL.canParse(address);
  if (isUnclear) return { address: `${scheme}://${mark}@`, secret: true };
  const redacted = `${scheme}://${redactHost(host)}${scheme.toLowerCase() === 's3' ? rest : redactQuery(rest)}`;
  return redacted === address ? { address, secret: false } : { address: redacted, secret: true };
}

/** Web addresses are understood by URL parsers with any number of slashes, so they are here. */
const addressParts =
  /^\s*(?<scheme>(?:https?|ftp)(?=:)|[a-z][a-z0-9+.-]*(?=:[\\/]{2})):[\\/]*(?<host>[^\\/?#]*)(?<rest>.*)$/isu;

/** Whether an address has lost its secret to `redactAddress`, so that it cannot be fetched any more. */
export function isRedacted(address: string): boolean {
  return (
    /^[a-z][a-z0-9+.-]*:\/\/(?:redacted@|[^?]*\?redacted$)/iu.test(address) || address === `data:${mark}`
  );
}

function redactHost(host: string): string {
  const at = host.lastIndexOf('@');
  return at === -1 ? host : `${mark}${host.slice(at)}`;
}

function redactQuery(rest: string): string {
  const [withoutFragment = ''] = rest.split('#', 1);
  const question = withoutFragment.indexOf('?');
  if (question === -1) return withoutFragment;
  const query = withoutFragment.slice(question + 1);
  const isHarmless = query.split(/[&;]/u).every((parameter) => {
    const [name = '', ...value] = parameter.split('=');
    return harmlessParameters.has(name.toLowerCase()) && value.length <= 1;
  });
  return isHarmless ? withoutFragment : `${withoutFragment.slice(0, question)}?${mark}`;
}
