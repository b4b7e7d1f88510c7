import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../test/helpers/redis-process.ts';

/** Takes every photo whole and answers as OOTO's page has it, each time with another template id. */
export interface Receiver {
  /** What it is: `nginx 1.22.1`, or the benchmark's own. */
  readonly name: string;
  /** For `--engine-url`; photos go to `/add` below it. */
  readonly url: string;
  close(): Promise<void>;
}

const answer = (id: string) =>
  `{"transactionId":"${id}","result":{"templateId":"${id}","face":{"liveness":{"score":1,"fine":true}}}}`;

/** In a process of its own, as light as there is: nginx, else one of the benchmark's own. */
export async function startReceiver(folder: string): Promise<Receiver> {
  const port = await freePort();
  const version = await promisify(execFile)('nginx', ['-v']).then(
    ({ stderr }) => stderr.trim().split('/').at(-1),
    () => undefined,
  );
  const [command, args] = version === undefined ? ownReceiver(port) : await nginx(folder, port);
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const url = `http://127.0.0.1:${port}/api/v1.0`;
  while (!(await fetch(url, { method: 'POST', body: '' }).catch(() => undefined))) await delay(20);
  return {
    name: version === undefined ? "the benchmark's own receiver" : `nginx ${version}`,
    url,
    async close() {
      child.kill();
      await once(child, 'exit');
    },
  };
}

type Command = readonly [command: string, args: readonly string[]];

/** Reads the body whole, and only then asks its other half for the answer: what answers at once would not wait for it. */
async function nginx(folder: string, port: number): Promise<Command> {
  const place = join(folder, 'nginx');
  await mkdir(place);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${place}/${name};`,
  );
  const configuration = `
daemon off; master_process off; pid ${place}/pid; error_log stderr crit;
events { worker_connections 4096; }
http {
  access_log off; client_body_buffer_size 1m; client_max_body_size 20m; keepalive_requests 100000000;
  ${temporary.join(' ')}
  upstream answer { server unix:${place}/answer; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://answer; proxy_http_version 1.1; proxy_set_header Connection '';
      proxy_pass_request_body off; proxy_set_header Content-Length '';
    }
  }
  server {
    listen unix:${place}/answer;
    location / { default_type application/json; return 200 '${answer('$request_id')}'; }
  }
}`;
  const file = join(place, 'nginx.conf');
  await writeFile(file, configuration);
  return ['nginx', ['-p', place, '-c', file]];
}

function ownReceiver(port: number): Command {
  const program = `
const { randomUUID } = require('node:crypto');
const server = require('node:http').createServer((request, response) => {
  request.resume().on('end', () => {
    const id = randomUUID();
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(${JSON.stringify(answer('@'))}.replaceAll('@', id));
  });
});
server.keepAliveTimeout = 60000;
server.listen(${port}, '127.0.0.1');`;
  return [process.execPath, ['-e', program]];
}
