import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accountIdOf, calledAccountIdOf, coarseAddress } from '../../src/settings/account.ts';

const cloud = 'https://cloud.ooto-ai.com/api/v1.0';
const own = 'http://127.0.0.1:8080/api/v1.0';

describe('an address as it is called', () => {
  it.each([
    [cloud, cloud],
    ['https://cloud.ooto-ai.com//api/v1.0', cloud],
    ['https://cloud.ooto-ai.com/api//v1.0//', cloud],
    ['https://cloud.ooto-ai.com/API/V1.0', cloud],
    ['https://cloud.ooto-ai.com./api/v1.0', cloud],
    ['https://cloud.ooto-ai.com/%61pi/v1%2E0', cloud],
    ['https://CLOUD.ooto-ai.com:443/x/../api/v1.0', cloud],
    ['http://cloud.ooto-ai.com/api/v1.0', cloud],
    [own, own],
    ['http://localhost:8080/api/v1.0', own],
    ['http://LOCALHOST.:8080/Api/v1.0', own],
    ['http://engine.localhost:8080/api/v1.0', own],
    ['http://[::1]:8080/api/v1.0', own],
    ['http://[::ffff:127.0.0.1]:8080/api/v1.0', own],
    ['http://127.1:8080/api/v1.0', own],
    ['http://0x7f000001:8080/api/v1.0', own],
    ['http://0.0.0.0:8080/api/v1.0', own],
    ['http://[::]:8080/api/v1.0', own],
    ['built-in', 'built-in'],
  ])('%s is %s', (spelled, called) => {
    expect(coarseAddress(spelled)).toBe(called);
  });

  it.each([
    ['http://127.0.0.1:8080/api/v1.0', 'http://127.0.0.1:8081/api/v1.0'],
    ['https://cloud.ooto-ai.com/api/v1.0', 'https://cloud.ooto-ai.com/api/v2.0'],
    ['https://engine.example/Tenant', 'https://engine.example/tenant'],
    ['https://engine.example/a%2Fb', 'https://engine.example/a/b'],
    ['https://engine.example', 'https://localhost'],
    ['https://engine.example:8443', 'https://engine.example'],
  ])('%s and %s are two', (one, other) => {
    expect(coarseAddress(one)).not.toBe(coarseAddress(other));
  });
});

describe('the account of a run', () => {
  const identity = { engine: 'ooto', url: cloud, appId: 'app-1' };

  it('is what earlier versions called it, and for the usual spelling what is called', () => {
    const former = createHash('sha256').update(`ooto\n${cloud}\napp-1`).digest('hex').slice(0, 16);
    expect(accountIdOf(identity)).toBe(former);
    expect(calledAccountIdOf(identity)).toBe(former);
  });

  it.each([
    { ...identity, appId: 'app-2' },
    { ...identity, engine: 'local' },
    { ...identity, url: 'https://other.example/api/v1.0' },
  ])('is called apart from %j', (other) => {
    expect(calledAccountIdOf(other)).not.toBe(calledAccountIdOf(identity));
  });
});
