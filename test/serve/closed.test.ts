import type { FastifyInstance, InjectOptions } from 'fastify';
import { describe, expect, it } from 'vitest';
import { openApp, ownHost, token, withToken } from './open-app.ts';

interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: string;
}

/** Every route of the OpenAPI document, and those beside it; `/health` and `POST /session` need no token. */
async function routesOf(app: FastifyInstance): Promise<Route[]> {
  const { body } = await ask(app, { url: '/api/v1/openapi.json', headers: withToken });
  const { paths } = JSON.parse(body) as { paths: Record<string, Record<string, unknown>> };
  const described = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase() as Route['method'],
      // A stream of events would not end.
      url: `${path.replace(/\{[^}]+\}/g, '1')}?run=1`,
    })),
  );
  return [
    ...described,
    { method: 'GET', url: '/api/v1/openapi.json' },
    { method: 'GET', url: '/metrics' },
    { method: 'GET', url: '/metrics.json' },
    { method: 'GET', url: '/queues' },
    { method: 'GET', url: '/queues/api/queues' },
    { method: 'GET', url: '/queues/static/favicon.ico' },
    { method: 'GET', url: '/api/v1/what-is-not-there' },
    { method: 'POST', url: '/what-is-not-there' },
  ];
}

const ask = (app: FastifyInstance, request: InjectOptions) =>
  app.inject({ ...request, headers: { host: ownHost, ...request.headers } });

const isBegin = ({ method, url }: Route) => method === 'POST' && url.startsWith('/api/v1/session');

describe('every route of the server', () => {
  it('is described: those that there are at least', async () => {
    const { app } = await openApp();
    const urls = (await routesOf(app)).map(({ method, url }) => `${method} ${url}`);
    expect(urls).toEqual(
      expect.arrayContaining(['GET /api/v1/runs?run=1', 'POST /api/v1/runs/1/cancel?run=1']),
    );
  });

  it.each([
    ['without a token', {}],
    ['with a wrong token', { authorization: 'Bearer another-token-of-this-test' }],
    ['with the token as another scheme', { authorization: `Basic ${token}` }],
    ['with a cookie that is none', { cookie: 'rollcall-00000000=a.9999999999.b' }],
  ])('is refused %s', async (_, headers) => {
    const { app } = await openApp();
    for (const route of await routesOf(app)) {
      if (isBegin(route)) continue;
      const reply = await ask(app, { ...route, headers });
      expect([route, reply.statusCode]).toEqual([route, 401]);
      expect(reply.headers['content-type']).toMatch('application/problem+json');
    }
  });

  it.each([
    ['a foreign Host', { host: 'rebound.example:8788' }],
    ['a Host that only begins like ours', { host: 'localhost.evil.example' }],
    ['a foreign Origin', { origin: 'https://evil.example' }],
    ['the Origin of another port of this machine', { origin: 'http://localhost:3000' }],
    ['an Origin that is null', { origin: 'null' }],
  ])('is refused with %s, whatever the token', async (_, headers) => {
    const { app } = await openApp();
    for (const route of [...(await routesOf(app)), { method: 'GET', url: '/health' } as const]) {
      const reply = await ask(app, { ...route, headers: { ...withToken, ...headers } });
      expect([route, reply.statusCode]).toEqual([route, 403]);
    }
  });

  it.each(['cross-site', 'same-site'])('is refused to pages that are %s', async (site) => {
    const { app } = await openApp();
    for (const route of await routesOf(app)) {
      if (isBegin(route)) continue;
      const reply = await ask(app, { ...route, headers: { ...withToken, 'sec-fetch-site': site } });
      expect([route, reply.statusCode]).toEqual([route, 403]);
    }
  });

  it('is refused with --read-only where it changes anything', async () => {
    const { app } = await openApp({ settings: { readOnly: true } });
    for (const route of await routesOf(app)) {
      const reply = await ask(app, { ...route, headers: withToken });
      const isRefused = reply.statusCode === 403 && reply.json().code === 'read-only';
      const changes = route.method !== 'GET' && !route.url.includes('/session');
      expect([route, isRefused]).toEqual([route, changes]);
    }
  });

  it('writes neither token nor address into the log', async () => {
    const { app, log } = await openApp();
    for (const route of await routesOf(app)) {
      const url = `${route.url.split('?')[0]}?run=1&q=subject-4711&token=${token}`;
      await ask(app, { ...route, url, headers: { ...withToken, cookie: `rollcall=${token}` } });
    }
    await ask(app, { method: 'POST', url: '/api/v1/session', payload: { token } });
    expect(log.length).toBeGreaterThan(4);
    expect(log.join('')).not.toMatch(new RegExp(`${token}|subject-4711`));
  });
});

describe('what needs no token', () => {
  it('is the health, and no more than that', async () => {
    const { app } = await openApp();
    expect((await ask(app, { url: '/health' })).json()).toEqual({ status: 'ok' });
  });

  it('is the page, which says where it is not built', async () => {
    const { app } = await openApp();
    const reply = await ask(app, { url: '/runs/x', headers: { 'sec-fetch-site': 'cross-site' } });
    expect(reply.statusCode).toBe(503);
    expect(reply.body).toMatch('npm run build');
    expect(reply.headers['content-security-policy']).toMatch("script-src 'self'");
  });
});

describe('a session', () => {
  const begin = (app: FastifyInstance, given: string) =>
    ask(app, { method: 'POST', url: '/api/v1/session', payload: { token: given } });

  it('begins with the token, and ends', async () => {
    const { app } = await openApp();
    const reply = await begin(app, token);
    expect(reply.statusCode).toBe(204);
    const set = String(reply.headers['set-cookie']);
    expect(set).toMatch(/; HttpOnly/);
    expect(set).toMatch(/; SameSite=Strict/);
    expect(set).not.toMatch(token);
    const cookie = set.split(';')[0] ?? '';
    const look = () => ask(app, { url: '/api/v1/session', headers: { cookie } });
    expect((await look()).json()).toMatchObject({ readOnly: false });
    await ask(app, { method: 'DELETE', url: '/api/v1/session', headers: { cookie } });
    expect((await look()).statusCode).toBe(401);
  });

  it('does not begin with another token', async () => {
    const { app } = await openApp();
    const reply = await begin(app, `${token}x`);
    expect(reply.statusCode).toBe(401);
    expect(reply.headers['set-cookie']).toBeUndefined();
  });
});
