import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { multipartBody } from '../../src/engines/multipart.ts';
import { createHttpClient } from '../../src/util/http/http-client.ts';

const photoSizeInBytes = 100_000;
const callsPerRound = 1_500;
const callsInFlight = 50;

/** Takes every request whole and answers a few bytes, in a process of its own. */
const receiver = `
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => response.end('{}'));
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log('http://127.0.0.1:' + server.address().port));
process.stdin.on('end', () => process.exit()).resume();
`;

/**
 * The same photo to the same receiver: how rollcall sends, and how one usually would. Prints JSON: calls a second, and
 * milliseconds of processor time a call, of this process.
 */
process.stdout.write(`${JSON.stringify(await bench())}\n`);

async function bench(): Promise<Record<string, number>> {
  const child = spawn(process.execPath, ['-e', receiver], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [url] = (await once(createInterface(child.stdout), 'line')) as [string];
  const photo = randomBytes(photoSizeInBytes);
  const client = createHttpClient({
    baseUrl: url,
    concurrency: callsInFlight,
    timeoutInMs: 30_000,
    environment: {},
  });
  const { signal } = new AbortController();
  const ways = {
    'undici pool, body from buffers': async () => {
      const { contentType, body } = multipartBody({
        photo: { field: 'photo', format: 'jpeg', bytes: photo },
        fields: { templateId: 'a-template' },
      });
      await client.post({ path: '/add', headers: { 'content-type': contentType }, body, signal });
    },
    'fetch with FormData': async () => {
      const form = new FormData();
      form.set('photo', new Blob([photo], { type: 'image/jpeg' }), 'photo.jpg');
      form.set('templateId', 'a-template');
      await (await fetch(`${url}/add`, { method: 'POST', body: form })).text();
    },
  };
  const measured: Record<string, number> = {};
  try {
    for (const call of Object.values(ways)) await callMany(call, 200);
    for (const [way, call] of Object.entries(ways)) {
      const { callsPerSecond, inMs } = await callMany(call, callsPerRound);
      measured[`${way}: calls/s`] = callsPerSecond;
      measured[`${way}: ms of processor time a call`] = inMs;
    }
  } finally {
    await client.close();
    child.kill();
  }
  return measured;
}

async function callMany(call: () => Promise<void>, count: number) {
  let left = count;
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const callOn = async () => {
    while (left > 0) {
      left -= 1;
      await call();
    }
  };
  await Promise.all(Array.from({ length: callsInFlight }, callOn));
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { callsPerSecond: count / seconds, inMs: (user + system) / 1000 / count };
}
