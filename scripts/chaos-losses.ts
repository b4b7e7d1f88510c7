import pLimit from 'p-limit';
import { type LossFigures, loseAndHeal } from '../test/chaos/queue-loss.ts';
import type { StoreName } from '../test/chaos/stores.ts';
import { type QueueServer, startEmbeddedQueue, startRedisQueue } from '../test/helpers/queue-servers.ts';

const servers = { embedded: startEmbeddedQueue, redis: startRedisQueue };
/** They wait more than they work. An embedded server has connections for three. */
const runsAtOnce = { embedded: 3, redis: 6 };

/**
 * Loses random parts of the queues of so many runs, shared between the stores, and prints a row for each store and a line
 * for each run that did not end right.
 * @returns how many did not
 */
export async function loseParts(options: {
  stores: readonly StoreName[];
  count: number;
  first: number;
}): Promise<number> {
  const { stores, count, first } = options;
  console.log(
    '| queue | seeds | losses | keys or rows lost | resumed | calls made again | seconds a run | |',
  );
  console.log('|---|---|---|---|---|---|---|---|');
  let failures = 0;
  for (const store of stores) {
    const seeds = Array.from({ length: Math.ceil(count / stores.length) }, (_, index) => first + index);
    const server = await servers[store]();
    try {
      const results = await tryAll(server, { seeds, atOnce: runsAtOnce[store] });
      const faults = results.filter((result) => result instanceof Error);
      for (const fault of faults) console.error(`${store}: ${fault.message}`);
      failures += faults.length;
      const figures = results.filter((result): result is LossFigures => !(result instanceof Error));
      console.log(rowOf({ store, seeds, figures, faults: faults.length }));
    } finally {
      await server.close();
    }
  }
  return failures;
}

function tryAll(
  server: QueueServer,
  { seeds, atOnce }: { seeds: readonly number[]; atOnce: number },
): Promise<(LossFigures | Error)[]> {
  const inTurn = pLimit(atOnce);
  return Promise.all(
    seeds.map((seed) =>
      inTurn(() =>
        loseAndHeal(server, seed).catch((error: Error) => new Error(`seed ${seed}: ${error.message}`)),
      ),
    ),
  );
}

function rowOf(result: {
  store: StoreName;
  seeds: readonly number[];
  figures: readonly LossFigures[];
  faults: number;
}): string {
  const { store, seeds, figures, faults } = result;
  const sum = (of: (figure: LossFigures) => number) =>
    figures.reduce((total, figure) => total + of(figure), 0);
  const seconds = sum((figure) => figure.seconds) / Math.max(1, figures.length);
  return `| ${[
    store,
    `${seeds.at(0)} to ${seeds.at(-1)}`,
    sum(({ losses }) => losses),
    sum(({ removed }) => removed),
    sum(({ resumed }) => Number(resumed)),
    sum(({ repeated }) => repeated),
    seconds.toFixed(1),
    faults === 0 ? 'right' : `${faults} not right`,
  ].join(' | ')} |`;
}
