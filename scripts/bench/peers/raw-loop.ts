import { appendFile, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Pool } from 'undici';

// The least that sends photos, and the fastest: no queue, no pace, no second try, no resuming, a line a photo that is not
// synced. node raw-loop.js FOLDER URL CALLS_IN_FLIGHT REPORT

const [folder = '', address = '', callsInFlight = '', report = ''] = process.argv.slice(2);
const { origin, pathname } = new URL(address);
const pool = new Pool(origin, { connections: Number(callsInFlight) });
const boundary = 'a-boundary-that-no-photo-holds';
const names = await readdir(folder);

async function sendOn(): Promise<void> {
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const photo = await readFile(join(folder, name));
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path: pathname,
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: Buffer.concat([
        Buffer.from(
          `--${boundary}\r\ncontent-disposition: form-data; name="templateId"\r\n\r\n${name}\r\n` +
            `--${boundary}\r\ncontent-disposition: form-data; name="photo"; filename="${name}"\r\n` +
            'content-type: image/jpeg\r\n\r\n',
        ),
        photo,
        Buffer.from(`\r\n--${boundary}--\r\n`),
      ]),
    });
    await appendFile(report, `${JSON.stringify({ name, statusCode, reply: await body.json() })}\n`);
  }
}

await Promise.all(Array.from({ length: Number(callsInFlight) }, sendOn));
await pool.close();
