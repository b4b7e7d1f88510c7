import { parseArgs } from 'node:util';
import { paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { Pool } from 'undici';
import { openSource } from '../../src/sources/open-source.ts';
import { openS3Connection } from '../../src/storage/s3/s3-connection.ts';
import { startS3Proxy } from '../../test/helpers/s3-proxy.ts';
import { startS3Server } from '../../test/helpers/s3-server.ts';

/**
 * Lists the same keys with rollcall's source and with the SDK's plain paginator, in turn, on the same store, without and
 * with a latency for each request. Prints keys a second and the ratio of one run. Needs the built project:
 * `node dist-scripts/scripts/bench/s3-listing.js`.
 *
 * --keys 50000          objects below the prefix
 * --latency-in-ms 30    of each request in the second part
 * --rounds 3            each round does every way once
 */
const { values } = parseArgs({
  options: {
    keys: { type: 'string', default: '50000' },
    'latency-in-ms': { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
  },
});
const count = Number(values.keys);
const server = await startS3Server();
const proxy = await startS3Proxy(server.endpoint);
const environment = { ...server.environment, AWS_ENDPOINT_URL_S3: proxy.endpoint };
const s3 = openS3Connection({ pathStyle: true, environment });
const { signal } = new AbortController();

const ways = {
  async rollcall() {
    let listed = 0;
    const source = await openSource('s3://bench/staff/', { s3 });
    for await (const photo of source.list({ signal })) if (photo.problem === undefined) listed += 1;
    return listed;
  },
  async paginator() {
    let listed = 0;
    const client = await s3.client();
    for await (const page of paginateListObjectsV2({ client }, { Bucket: 'bench', Prefix: 'staff/' }))
      for (const { Key } of page.Contents ?? []) if (Key?.endsWith('.jpg')) listed += 1;
    return listed;
  },
};

try {
  await server.createBucket('bench');
  await fill();
  for (const latencyInMs of [0, Number(values['latency-in-ms'])]) {
    proxy.reset();
    proxy.setLatency(latencyInMs);
    await compare(latencyInMs);
  }
} finally {
  await s3.close();
  await proxy.close();
  await server.close();
}

/** Plain requests: this store checks no signatures, and the SDK would take a minute for them. */
async function fill(): Promise<void> {
  const pool = new Pool(server.endpoint, { connections: 16 });
  let next = 0;
  const putSome = async () => {
    for (let index = next++; index < count; index = next++) {
      const folder = String(index % 40).padStart(2, '0');
      const path = `/bench/staff/${folder}/employee-${String(index).padStart(7, '0')}.jpg`;
      const { body } = await pool.request({ method: 'PUT', path, body: 'x' });
      await body.dump();
    }
  };
  await Promise.all(Array.from({ length: 16 }, putSome));
  await pool.close();
}

async function compare(latencyInMs: number): Promise<void> {
  const times: Record<string, number[]> = { rollcall: [], paginator: [] };
  const requests: Record<string, number> = {};
  for (let round = 0; round < Number(values.rounds); round += 1) {
    for (const [name, list] of Object.entries(ways)) {
      const before = proxy.requests.length;
      const startedAt = performance.now();
      const listed = await list();
      if (listed !== count) throw new Error(`${name} listed ${listed} of ${count}`);
      times[name]?.push(performance.now() - startedAt);
      requests[name] = proxy.requests.length - before;
    }
  }
  const [own = 0, plain = 0] = ['rollcall', 'paginator'].map((name) => median(times[name] ?? []));
  const shown = {
    latencyInMs,
    keys: count,
    requests,
    secondsRollcall: own / 1000,
    secondsPaginator: plain / 1000,
  };
  process.stdout.write(`${JSON.stringify({ ...shown, ratio: plain / own })}\n`);
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;
}
