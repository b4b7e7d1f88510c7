import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/util/errors.ts';
import {
  type Environment,
  proxyAuthorization,
  proxyFor,
  secretsOfProxy,
} from '../../../src/util/http/proxy-for.ts';

const proxyOf = (url: string, environment: Environment) => proxyFor(new URL(url), environment)?.href;

describe('proxyFor', () => {
  test.each<[string, Environment, string | undefined]>([
    ['https://engine.example/', {}, undefined],
    ['https://engine.example/', { HTTPS_PROXY: '' }, undefined],
    ['https://engine.example/', { HTTPS_PROXY: 'http://proxy:3128' }, 'http://proxy:3128/'],
    ['https://engine.example/', { HTTPS_PROXY: 'proxy:3128' }, 'http://proxy:3128/'],
    ['https://engine.example/', { https_proxy: 'http://a', HTTPS_PROXY: 'http://b' }, 'http://a/'],
    ['https://engine.example/', { HTTP_PROXY: 'http://proxy' }, undefined],
    ['http://engine.example/', { HTTP_PROXY: 'http://proxy' }, 'http://proxy/'],
    ['http://engine.example/', { ALL_PROXY: 'https://proxy' }, 'https://proxy/'],
    ['https://localhost/', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://127.0.0.9/', { HTTPS_PROXY: 'http://proxy' }, undefined],
    ['https://[::1]/', { HTTPS_PROXY: 'http://proxy' }, undefined],
  ])('%s with %j', (url, environment, expected) => {
    expect(proxyOf(url, environment)).toBe(expected);
  });

  test.each([
    '*',
    'engine.example',
    'ENGINE.example',
    '.example',
    '*.example',
    'example',
    'engine.example:443',
    'other, engine.example',
    'other engine.example',
  ])('NO_PROXY=%s leaves engine.example alone', (noProxy) => {
    const environment = { HTTPS_PROXY: 'http://proxy', NO_PROXY: noProxy };
    expect(proxyOf('https://engine.example/', environment)).toBeUndefined();
  });

  test.each(['', 'gine.example', 'engine.example:8443', 'other', '10.0.0.0/8', ',', '/', '.'])(
    'NO_PROXY=%s does not',
    (noProxy) => {
      const environment = { HTTPS_PROXY: 'http://proxy', NO_PROXY: noProxy };
      expect(proxyOf('https://engine.example/', environment)).toBe('http://proxy/');
    },
  );

  test('NO_PROXY takes addresses and networks', () => {
    const environment = { HTTPS_PROXY: 'http://proxy', NO_PROXY: '10.0.0.0/8,[fd00::1]:8443,192.168.1.1' };
    expect(proxyOf('https://10.9.8.7/', environment)).toBeUndefined();
    expect(proxyOf('https://192.168.1.1/', environment)).toBeUndefined();
    expect(proxyOf('https://[fd00::1]:8443/', environment)).toBeUndefined();
    expect(proxyOf('https://[fd00::1]/', environment)).toBe('http://proxy/');
    expect(proxyOf('https://11.9.8.7/', environment)).toBe('http://proxy/');
  });

  test.each([
    ['http://proxy', undefined, []],
    ['http://me@proxy', 'me:', []],
    ['http://:word@proxy', ':word', ['word']],
    ['http://me:pass%3Aword@proxy', 'me:pass:word', ['pass:word']],
    ['http://me:100%@proxy', 'me:100%', ['100%']],
    ['http://me:a%zzb%41@proxy', 'me:a%zzb%41', ['a%zzb%41']],
  ])('%s is asked as %s, and %j is secret', (address, userAndPassword, secrets) => {
    const proxy = new URL(address);
    expect(secretsOfProxy(proxy)).toEqual(secrets);
    const basic = proxyAuthorization(proxy)['proxy-authorization']?.replace('Basic ', '');
    expect(basic && Buffer.from(basic, 'base64').toString()).toBe(userAndPassword);
  });

  test('a proxy that is none is named, its password is not', () => {
    const call = () => proxyOf('https://engine.example/', { HTTPS_PROXY: 'socks5://me:canary@proxy' });
    expect(call).toThrow(UsageError);
    expect(call).toThrow(/^HTTPS_PROXY must be/);
    expect(call).not.toThrow(/canary/);
  });
});
