import { parseArgs } from 'node:util';
import { startEngineServer } from './engine-server.ts';

/**
 * The engine server as a process of its own, so that its clock is not held up by what it measures. Prints its base
 * address as the first line; ends on SIGTERM, or when its stdin does (so that it does not outlive who started it).
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    'latency-in-ms': { type: 'string', default: '0..0' },
    seed: { type: 'string', default: '1' },
  },
});
const [least = 0, most = 0] = values['latency-in-ms'].split('..').map(Number);
const server = await startEngineServer({
  port: Number(values.port),
  latencyInMs: [least, most],
  seed: Number(values.seed),
});
process.stdout.write(`${server.url}\n`);
const stop = () => server.close().finally(() => process.exit(0));
process.on('SIGTERM', stop);
process.stdin.on('end', stop).resume();
