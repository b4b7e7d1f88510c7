import type { LookupFunction } from 'node:net';
import { createPhotoReader } from '../../src/photos/read-photo.ts';

/** What the process is asked, as JSON in its first argument. */
export interface ReadRequest {
  readonly allowPrivate: boolean;
  readonly timeoutInMs: number;
  readonly maxSizeInBytes?: number;
  readonly addresses: readonly string[];
  /** What names resolve to, one answer after the other, the last for ever. Other names: as the system says. */
  readonly names?: Readonly<Record<string, readonly string[]>>;
}

/** What it answers, as JSON: a result for each address, and which names were looked up. */
export interface ReadAnswer {
  readonly results: readonly ReadResult[];
  readonly lookups: readonly string[];
}

export interface ReadResult {
  readonly problem?: string;
  readonly retryable?: boolean;
  readonly fault?: string;
  readonly text?: string;
  readonly sizeInBytes?: number;
  readonly sha256?: string;
  readonly version?: string;
}

const request: ReadRequest = JSON.parse(process.argv[2] ?? '');
const lookups: string[] = [];
const answers = new Map(
  Object.entries(request.names ?? {}).map(([name, addresses]) => [name, [...addresses]]),
);

const lookup: LookupFunction = (host, _options, callback) => {
  lookups.push(host);
  const left = answers.get(host) ?? [];
  const address = left.length > 1 ? left.shift() : left[0];
  if (address === undefined) callback(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), '');
  else callback(null, [{ address, family: address.includes(':') ? 6 : 4 }]);
};

const reader = createPhotoReader({ ...request, ...(request.names === undefined ? {} : { lookup }) });
const results: ReadResult[] = [];
for (const address of request.addresses) {
  const result = await reader.read(address, new AbortController().signal);
  if ('problem' in result) results.push(result);
  else {
    const { bytes, ...rest } = result;
    results.push({ ...rest, sizeInBytes: bytes.length, text: bytes.toString('utf8', 0, 100) });
  }
}
await reader.close();
process.stdout.write(JSON.stringify({ results, lookups } satisfies ReadAnswer));
