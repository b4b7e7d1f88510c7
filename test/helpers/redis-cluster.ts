import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { connectTo, freePort, type RedisProcess, startRedisProcess } from './redis-process.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

const slots = 16_384;

/** A Cluster of three masters, for `--queue`. */
export interface TestCluster {
  readonly url: string;
  readonly ports: readonly number[];
  close(): Promise<void>;
}

export async function startTestCluster(): Promise<TestCluster> {
  const folder = await makeTemporaryFolder();
  const nodes = await Promise.all([0, 1, 2].map((index) => startNode(join(folder.path, `${index}`))));
  const links = nodes.map((node) => connectTo(node.port));
  const share = Math.ceil(slots / nodes.length);
  for (const [index, link] of links.entries()) {
    await link.call('CLUSTER', 'ADDSLOTSRANGE', index * share, Math.min(slots, (index + 1) * share) - 1);
    const [first] = nodes;
    if (index > 0 && first) await link.call('CLUSTER', 'MEET', '127.0.0.1', first.port, first.busPort);
  }
  for (const link of links) {
    await until(
      async () => {
        const info = String(await link.cluster('INFO'));
        return info.includes('cluster_state:ok') && info.includes(`cluster_known_nodes:${nodes.length}`);
      },
      { what: 'a Cluster that is complete' },
    );
    link.disconnect();
  }
  const ports = nodes.map((node) => node.port);
  return {
    // Two of the three are enough to find all.
    url: `redis+cluster://127.0.0.1:${ports[0]},127.0.0.1:${ports[1]}`,
    ports,
    async close() {
      await Promise.all(nodes.map((node) => node.kill()));
      await folder.remove();
    },
  };
}

async function startNode(folder: string): Promise<RedisProcess & { readonly busPort: number }> {
  await mkdir(folder);
  const busPort = await freePort();
  const node = await startRedisProcess((port) => [
    ...['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', ''],
    ...['--cluster-enabled', 'yes', '--cluster-port', `${busPort}`, '--cluster-node-timeout', '5000'],
  ]);
  return { ...node, busPort };
}
