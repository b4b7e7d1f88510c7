import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { createEngineApp, type EngineAppOptions } from '../../../src/engines/local/create-engine-app.ts';
import { facelessPhoto } from '../../helpers/face-photos.ts';
import { until } from '../../helpers/until.ts';

test('a caller that hangs up is no fault of the engine', async () => {
  let log = '';
  const stream = new Writable({
    write(text, _encoding, done) {
      log += text;
      done();
    },
  });
  let looks = 0;
  let ended = 0;
  const reader: EngineAppOptions['reader'] = {
    read: (_photo, signal) => {
      looks += 1;
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          ended += 1;
          reject(signal.reason);
        });
      });
    },
    close: async () => {},
  };
  const nothing = {} as EngineAppOptions['store'] & EngineAppOptions['https'];
  const parts = { reader, store: nothing, https: nothing, maxRequests: 1 };
  const app = await createEngineApp({ ...parts, log: pino({ level: 'info' }, stream) });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  const form = new FormData();
  form.append('photo', new Blob([await facelessPhoto()], { type: 'image/jpeg' }), 'photo.jpg');
  const caller = new AbortController();
  const headers = { 'APP-ID': 'me', 'APP-KEY': 'any' };
  const call = fetch(`${url}/api/v1.0/add`, { method: 'POST', headers, body: form, signal: caller.signal });
  await until(() => looks === 1);
  caller.abort();
  await expect(call).rejects.toThrow();
  await until(() => ended === 1);
  await app.close();
  expect(log).toBe('');
});
