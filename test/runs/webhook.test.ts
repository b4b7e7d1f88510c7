import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { checkWebhook, openWebhook, shownWebhook } from '../../src/runs/webhook/webhook.ts';
import { createTestCertificate } from '../helpers/engine-server-certificate.ts';
import { lineOf } from '../records/report-lines.ts';

describe('the address of a webhook', () => {
  const check = (value: string, allowHttp = false) => checkWebhook({ flag: '--webhook', value, allowHttp });

  it.each([
    ['https://service.example/hooks/s3cret?token=s3cret', undefined],
    ['https://10.0.0.7:8443/s3cret', undefined],
    ['http://127.0.0.1:8790/s3cret', undefined],
    ['http://[::1]:8790/s3cret', undefined],
    ['http://localhost/s3cret', undefined],
    ['http://service.example/s3cret', /plain http; use https/],
    ['http://169.254.169.254/s3cret', /plain http; use https/],
    ['http://127.0.0.1.service.example/s3cret', /plain http; use https/],
    ['https://user:s3cret@service.example/', /must not contain a user or a password/],
    ['ftp://service.example/s3cret', /must begin with https/],
    ['file:///etc/s3cret', /must begin with https/],
    ['service.example/s3cret', /is not an address/],
    ['', /is not an address/],
  ])('%s', (value, expected) => {
    if (expected === undefined) {
      expect(check(value)).toBe(value);
      expect(shownWebhook(value)).not.toContain('s3cret');
      return;
    }
    expect(() => check(value)).toThrow(expected);
    expect(() => check(value)).not.toThrow(/s3cret/);
  });

  it('may be plain http elsewhere where that is allowed', () => {
    expect(check('http://service.example/hook', true)).toBe('http://service.example/hook');
  });
});

describe('a receiver', () => {
  const postTo = async (server: Server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const url = `${server instanceof HttpsServer ? 'https' : 'http'}://127.0.0.1:${port}/hooks/s3cret`;
    const webhook = openWebhook({ url, environment: {} });
    try {
      return await webhook.post({ id: '1', body: {}, signal: new AbortController().signal });
    } finally {
      await webhook.close();
      server.closeAllConnections();
      server.close();
    }
  };

  it('has taken what it answers 2xx, however much it says', async () => {
    const server = createServer((_, response) => response.end('x'.repeat(3_000_000)));
    expect(await postTo(server)).toEqual({ status: 200 });
  });

  it('with a certificate that nobody vouches for is told nothing', async () => {
    let asked = 0;
    const server = createHttpsServer(createTestCertificate(), (_, response) => {
      asked += 1;
      response.end();
    });
    const { status, reason } = await postTo(server);
    expect(status).toBeUndefined();
    expect(reason).toMatch(/^the certificate of 127\.0\.0\.1:\d+ is not trusted/);
    expect(asked).toBe(0);
  });
});

it('the receiver in Python takes what is signed, each once, and nothing else', async ({ skip }) => {
  if ((await execa('which', ['python3'], { reject: false })).exitCode !== 0) return skip();
  const secret = (byte: string) => `whsec_${Buffer.from(byte.repeat(32)).toString('base64')}`;
  const script = fileURLToPath(new URL('../../scripts/examples/webhook-receiver.py', import.meta.url));
  const receiver = execa('python3', [script, '0'], {
    env: { PATH: process.env.PATH, ROLLCALL_WEBHOOK_SECRET: secret('a') },
    ...{ extendEnv: false, reject: false },
  });
  const [started] = await once(receiver.stderr, 'data');
  const port = /port (\d+)/.exec(String(started))?.[1];
  const line = { ...lineOf(17, '1'), run: 'door-1', subjectId: 'emp-17' };
  const post = async (environment: Record<string, string>) => {
    const webhook = openWebhook({ url: `http://127.0.0.1:${port}/`, environment });
    const body = { type: 'photo.done', data: { run: 'door-1', seq: 17, line } };
    const { signal } = new AbortController();
    return webhook.post({ id: 'door-1-17', body, signal }).finally(() => webhook.close());
  };
  try {
    expect(await post({ ROLLCALL_WEBHOOK_SECRET: secret('b') })).toMatchObject({ status: 401 });
    expect(await post({})).toMatchObject({ status: 401 });
    expect(await post({ ROLLCALL_WEBHOOK_SECRET: secret('a') })).toEqual({ status: 204 });
    expect(await post({ ROLLCALL_WEBHOOK_SECRET: secret('a') })).toEqual({ status: 204 });
  } finally {
    receiver.kill();
  }
  expect((await receiver).stdout).toBe('door-1 17 emp-17 enrolled');
});
