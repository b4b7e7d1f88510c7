import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describeEngineBasics } from '../conformance/engine-basics.ts';
import { tinyJpeg, tinyPng } from '../conformance/engine-calls.ts';
import { example } from '../conformance/example-engine.ts';

const key = 'canary-key/08=15';

/** The engine that the example is for: it enrolls whatever is an image. */
async function startExampleServer() {
  const templates = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://engine');
    const answer = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (pathname !== '/faces') return answer(404, {});
    if (request.headers['x-api-key'] !== key) return answer(401, {});
    if (request.method === 'DELETE')
      return answer(200, { deleted: templates.delete(searchParams.get('id') ?? '') });
    const body = Buffer.concat(chunks).toString('latin1');
    const [, id = ''] = /name="id"\r\n\r\n(.*?)\r\n/.exec(body) ?? [];
    if (!/\r\n\r\n(\xff\xd8|\x89PNG)/.test(body))
      return answer(400, { error: 'no_image', message: `not with ${key}` });
    templates.add(id);
    return answer(200, { id });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

describeEngineBasics({
  name: 'example',
  start: startExampleServer,
  createEngine: (url, { timeoutInMs }) => {
    const environment = { EXAMPLE_ACCOUNT: 'me', EXAMPLE_KEY: key };
    return example.create({ name: 'example', url, environment, concurrency: 2, timeoutInMs }).engine;
  },
  secrets: [key],
  good: [
    { photo: tinyJpeg, format: 'jpeg' },
    { photo: tinyPng, format: 'png' },
  ],
  refused: [{ photo: Buffer.from('no image'), format: 'jpeg', code: 'no_image' }],
});
