import { once } from 'node:events';
import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Queue, Worker } from 'bullmq';

// What one writes first with BullMQ: a job a photo, fetch and FormData, three attempts, a line a photo.
// node naive-bullmq.js FOLDER URL CALLS_IN_FLIGHT REPORT REDIS_URL

const [folder = '', url = '', callsInFlight = '', report = '', redis = ''] = process.argv.slice(2);
const connection = { url: redis };
const queue = new Queue<{ name: string }>('naive', { connection });
const names = await readdir(folder);
await queue.addBulk(
  names.map((name) => ({ name: 'enroll', data: { name }, opts: { attempts: 3, removeOnComplete: true } })),
);

const worker = new Worker<{ name: string }>(
  'naive',
  async ({ data: { name } }) => {
    const form = new FormData();
    form.set('photo', new Blob([await readFile(join(folder, name))], { type: 'image/jpeg' }), name);
    form.set('templateId', name);
    const response = await fetch(url, { method: 'POST', body: form });
    await appendFile(report, `${JSON.stringify({ name, reply: await response.json() })}\n`);
  },
  { connection, concurrency: Number(callsInFlight) },
);
await once(worker, 'drained');
await worker.close();
await queue.close();
