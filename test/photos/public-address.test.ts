import type { LookupAddress, LookupOptions } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  isPublicAddress,
  PrivateAddressError,
  publicLookup,
} from '../../src/photos/places/public-address.ts';

test.each(['8.8.8.8', '93.184.215.14', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '2a00:1450::1'])(
  '%s is public',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '0.0.0.0',
  '10.1.2.3',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '192.0.0.1',
  '198.18.0.1',
  '224.0.0.1',
  '240.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::127.0.0.1',
  '::ffff:8.8.8.8',
  '::ffff:127.0.0.1',
  '64:ff9b::7f00:1',
  '64:ff9b:1::1',
  '2002:7f00:1::1',
  '2001:0:1::1',
  '2001:db8::1',
  'fc00::1',
  'fd12::1',
  'fe80::1',
  'fe80::1%eth0',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'localhost',
  '',
])('%j is not public', (address) => expect(isPublicAddress(address)).toBe(false));

describe('of a name all addresses are judged', () => {
  const addressOf = (address: string): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 });

  /** What the guarded lookup gives for a name with these addresses. */
  function lookUp(addresses: readonly string[], options: LookupOptions): Promise<unknown> {
    const system: LookupFunction = (_host, _options, callback) => callback(null, addresses.map(addressOf));
    return new Promise((resolve, reject) => {
      publicLookup(system)('photos.example', options, (error, found, family) => {
        if (error) reject(error);
        else resolve(Array.isArray(found) ? found : addressOf(`${found}`).family === family && found);
      });
    });
  }

  test.each([
    [['127.0.0.1']],
    [['8.8.8.8', '127.0.0.1']],
    [['10.0.0.1', '8.8.8.8']],
    [['8.8.8.8', '93.184.215.14', '192.168.1.1']],
    [['8.8.8.8', '::1']],
    [['2606:4700::1111', 'fe80::1', '8.8.8.8']],
    [['8.8.8.8', '169.254.169.254', '8.8.4.4']],
    [['8.8.8.8', 'no address']],
    [[]],
  ])('%j: refused', async (addresses) => {
    for (const options of [{ all: true }, { all: false }, { family: 4 }])
      await expect(lookUp(addresses, options)).rejects.toThrow(PrivateAddressError);
  });

  test('those of a public name are given, all or the first', async () => {
    const addresses = ['8.8.8.8', '2606:4700::1111'];
    expect(await lookUp(addresses, { all: true })).toEqual(addresses.map(addressOf));
    expect(await lookUp(addresses, {})).toBe('8.8.8.8');
  });

  test('a name that is not found keeps its own error', async () => {
    const missing = Object.assign(new Error('not found'), { code: 'ENOTFOUND' });
    const system: LookupFunction = (_host, _options, callback) => callback(missing, []);
    const told = new Promise((resolve) => publicLookup(system)('x.example', {}, resolve));
    expect(await told).toBe(missing);
  });
});
