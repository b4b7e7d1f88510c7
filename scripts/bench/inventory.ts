import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import sharp from 'sharp';
import { startEngineServerProcess } from '../../test/helpers/engine-server-start.ts';
import {
  type InventoryObject,
  inventoryCsv,
  inventoryDelivery,
  inventoryParquet,
  md5Of,
  versioned,
} from '../../test/helpers/inventory.ts';
import { type ListQuery, listObjectsV2, sortObjects } from '../../test/helpers/s3-server-listing.ts';
import { megabytes, watchedRun } from './watched-run.ts';

/**
 * Lists the same objects as an S3 Inventory in CSV, one in Parquet, and the bucket itself have them: rows a second and peak
 * memory of a process that does nothing else, and, with `rollcall run` on the embedded queue, the time to the first call.
 * The store is one of this script's own that answers at once; a real one takes 30 to 100 ms for each page of a listing.
 * Needs Linux and the built project: `node dist-scripts/scripts/bench/inventory.js`.
 *
 * --rows 1000000              objects in the bucket; in four data files
 * --ways csv,parquet,listing
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '1000000' },
    ways: { type: 'string', default: 'csv,parquet,listing' },
  },
});
const rows = Number(values.rows);
const photosOfASubject = 500;
const files = 4;

const objects = Array.from({ length: rows }, (_, index): InventoryObject & { key: string } => ({
  key: `staff/employee-${pad(Math.floor(index / photosOfASubject), 6)}/photo-${pad(index % photosOfASubject, 3)}.jpg`,
  size: 300_000 + (index % 1000),
  eTag: md5Of(`${index}`),
  lastModified: new Date(1_790_000_000_000 + index * 1000),
}));
const sources: Readonly<Record<string, string>> = {
  csv: 's3://inventories/csv/2026-11-28T01-00Z/manifest.json',
  parquet: 's3://inventories/parquet/2026-11-28T01-00Z/manifest.json',
  listing: 's3://photos/',
};

const ways = values.ways.split(',');
const held = new Map([
  ...(ways.includes('csv') ? delivered('CSV') : []),
  ...(ways.includes('parquet') ? delivered('Parquet') : []),
]);
const store = await startStore();
try {
  const measured: Record<string, unknown> = {};
  for (const way of ways) measured[way] = await measure(sources[way] ?? way);
  const sizeInMB = (kind: string) =>
    megabytes(
      [...held].reduce((sum, [key, bytes]) => sum + (key.startsWith(`${kind}/data/`) ? bytes.length : 0), 0),
    );
  process.stdout.write(
    `${JSON.stringify({ rows, csvInMB: sizeInMB('csv'), parquetInMB: sizeInMB('parquet'), ways: measured }, undefined, 2)}\n`,
  );
} finally {
  await store.close();
}

function pad(number: number, length: number): string {
  return String(number).padStart(length, '0');
}

function delivered(format: 'CSV' | 'Parquet'): (readonly [string, Buffer])[] {
  const each = Math.ceil(rows / files);
  const parts = Array.from({ length: files }, (_, file) => {
    const part = objects.slice(file * each, (file + 1) * each);
    return format === 'CSV' ? inventoryCsv(part, versioned) : inventoryParquet(part, { fields: versioned });
  });
  const delivery = inventoryDelivery({
    prefix: `${format.toLowerCase()}/`,
    fields: versioned,
    files: parts,
    format,
  });
  return delivery.map(([key, body]) => [key, Buffer.from(body)] as const);
}

async function measure(source: string): Promise<Record<string, unknown>> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-inventory-'));
  const engine = await startEngineServerProcess();
  try {
    const script = fileURLToPath(new URL('list-source.js', import.meta.url));
    const environment = { ...process.env, ...store.environment };
    const { stdout } = await promisify(execFile)(process.execPath, [script, source], { env: environment });
    const listed = JSON.parse(stdout);
    if (listed.rows !== rows) throw new Error(`${listed.rows} rows of ${rows}`);
    const args = [source, '--id-from', '{id}/{photo}.{ext}', '--limit', '10'];
    const { startedAt } = await watchedRun({ folder, engine, args, environment: store.environment });
    const [first] = await engine.control.calls();
    return { secondsToFirstCall: (Date.parse(first?.arrivedAt ?? '') - startedAt) / 1000, ...listed };
  } finally {
    await engine.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Answers lists of the bucket, and ranges of what is held; every object of the bucket is one small picture. */
async function startStore() {
  const pixels = { create: { width: 64, height: 64, channels: 3, background: '#888' } } as const;
  const photo = await sharp(pixels).jpeg().toBuffer();
  const sorted = sortObjects(
    objects.map(({ key, eTag = '', size = 0, lastModified = new Date() }) => ({
      key,
      etag: `"${eTag}"`,
      contentLength: size,
      lastModified,
    })),
  );
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://store');
    const [, bucket = '', key = ''] = /^\/([^/]+)\/?(.*)$/u.exec(decodeURIComponent(pathname)) ?? [];
    if (key === '') {
      response.writeHead(200, { 'content-type': 'application/xml' });
      response.end(listObjectsV2(bucket, sorted, Object.fromEntries(searchParams) as ListQuery));
      return;
    }
    answer(request, response, bucket === 'photos' ? photo : held.get(key));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    environment: {
      AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'bench',
      AWS_SECRET_ACCESS_KEY: 'bench',
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      ROLLCALL_S3_PATH_STYLE: 'true',
    },
    async close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(request: IncomingMessage, response: ServerResponse, bytes: Buffer | undefined): void {
  if (bytes === undefined) {
    response.writeHead(404, { 'content-type': 'application/xml' });
    response.end('<Error><Code>NoSuchKey</Code></Error>');
    return;
  }
  const [, first, last] = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.range ?? '') ?? [];
  const from = Number(first ?? 0);
  const body = bytes.subarray(from, last === undefined ? undefined : Number(last) + 1);
  response.writeHead(first === undefined ? 200 : 206, {
    etag: '"held"',
    'content-length': body.length,
    ...(first !== undefined && {
      'content-range': `bytes ${from}-${from + body.length - 1}/${bytes.length}`,
    }),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
