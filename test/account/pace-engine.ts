import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Arrival } from '../helpers/hold-ups.ts';
import { watchLoopLag } from '../helpers/loop-lag.ts';

/**
 * An engine in a process of its own that notes when calls arrive, by its own clock, and takes its time to answer:
 * between the two numbers of its arguments, in milliseconds. `GET /arrivals` tells the times, in milliseconds, and for
 * how long the process had not looked at its sockets before: by so much earlier a call may have arrived.
 */
const [least = 0, most = 0] = process.argv.slice(2).map(Number);
const arrivals: Arrival[] = [];
const lag = watchLoopLag();

const server = createServer((request, response) => {
  if (request.url === '/arrivals') {
    response.end(JSON.stringify(arrivals));
    return;
  }
  const at = performance.now();
  arrivals.push({ arrivedAtInMs: at, heldInMs: lag(), arrivedAt: new Date().toISOString() });
  request.resume();
  setTimeout(() => response.end('{}'), least + Math.random() * (most - least));
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
