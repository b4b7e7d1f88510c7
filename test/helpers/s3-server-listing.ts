/** What the store holds of an object. */
export interface StoredObject {
  readonly key: string;
  readonly etag: string;
  readonly contentLength: number;
  readonly lastModified: Date;
}

export interface ListQuery {
  readonly prefix?: string;
  readonly delimiter?: string;
  readonly 'max-keys'?: string;
  readonly 'start-after'?: string;
  readonly 'continuation-token'?: string;
  readonly 'encoding-type'?: string;
}

/**
 * The answer to ListObjectsV2 as S3 documents it: keys in the order of their UTF-8 bytes, pages of 1,000 that go on
 * exactly behind the last one, prefixes by delimiter, keys encoded where that is asked for. (fauxqs sorts by the rules
 * of a language and pages by another order, so that keys are left out and given twice.)
 */
export function listObjectsV2(bucket: string, sorted: readonly StoredObject[], query: ListQuery): string {
  const { prefix = '', delimiter = '' } = query;
  const limit = Math.min(Number(query['max-keys'] || 1000), 1000);
  const token = query['continuation-token'];
  const marker = token ? Buffer.from(token, 'base64').toString() : (query['start-after'] ?? '');
  const from = byteOrder(marker, prefix) < 0 ? prefix : marker;
  const shown: string[] = [];
  let last = '';
  let count = 0;
  let isTruncated = false;
  const encode = query['encoding-type'] === 'url' ? encodeUrl : encodeXml;
  for (let index = firstFrom(sorted, from); index < sorted.length; index += 1) {
    const object = sorted[index];
    if (object === undefined || !object.key.startsWith(prefix)) break;
    if (object.key === marker) continue;
    const end = delimiter === '' ? -1 : object.key.indexOf(delimiter, prefix.length);
    const common = end === -1 ? undefined : object.key.slice(0, end + delimiter.length);
    // A token that ends in a prefix goes on behind everything below it.
    if (common !== undefined && (common === last || (delimiter !== '' && marker.startsWith(common))))
      continue;
    if (count >= limit) {
      isTruncated = true;
      break;
    }
    count += 1;
    last = common ?? object.key;
    shown.push(
      common === undefined
        ? contents(object, encode)
        : `<CommonPrefixes><Prefix>${encode(common)}</Prefix></CommonPrefixes>`,
    );
  }
  const next = isTruncated ? Buffer.from(last).toString('base64') : undefined;
  return (
    '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
    `<Name>${bucket}</Name><Prefix>${encode(prefix)}</Prefix><KeyCount>${count}</KeyCount><MaxKeys>${limit}</MaxKeys>` +
    `${query['encoding-type'] === 'url' ? '<EncodingType>url</EncodingType>' : ''}<IsTruncated>${isTruncated}</IsTruncated>` +
    `${next === undefined ? '' : `<NextContinuationToken>${next}</NextContinuationToken>`}` +
    `${shown.join('')}</ListBucketResult>`
  );
}

/** Objects in the order that S3 lists them in. */
export function sortObjects<Item extends StoredObject>(objects: Iterable<Item>): Item[] {
  return [...objects].sort((one, other) => byteOrder(one.key, other.key));
}

/** As UTF-8 bytes compare: like UTF-16 code units, but that pairs of surrogates come last. */
function byteOrder(one: string, other: string): number {
  if (one === other) return 0;
  if (!/[\uD800-\uDFFF]/u.test(one + other) && !/[\uE000-\uFFFF]/u.test(one + other))
    return one < other ? -1 : 1;
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function firstFrom(sorted: readonly StoredObject[], from: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (byteOrder(sorted[middle]?.key ?? '', from) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

function contents(object: StoredObject, encode: (text: string) => string): string {
  return (
    `<Contents><Key>${encode(object.key)}</Key><LastModified>${object.lastModified.toISOString()}</LastModified>` +
    `<ETag>${encodeXml(object.etag)}</ETag><Size>${object.contentLength}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
}

function encodeXml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': 'amp',
    '<': 'lt',
    '>': 'gt',
    '"': 'quot',
    "'": 'apos',
  };
  return text.replace(/[&<>"']/g, (character) => `&${names[character]};`);
}

/** As S3 does it: slashes stay, a space is a plus sign. */
function encodeUrl(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%20', '+');
}
