import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isRedacted, redactAddress } from '../../src/util/redact-address.ts';
import { randomInputs } from '../helpers/long.ts';

test.each([
  ['https://h/a.jpg?X-Amz-Signature=abc&X-Amz-Date=1', 'https://h/a.jpg?redacted'],
  ['https://h/a.jpg?sv=1&se=2&sig=abc', 'https://h/a.jpg?redacted'],
  ['https://h/a.jpg?width=100&token=abc', 'https://h/a.jpg?redacted'],
  ['https://h/a.jpg?abc', 'https://h/a.jpg?redacted'],
  ['https://user:pass@h:8443/a.jpg', 'https://redacted@h:8443/a.jpg'],
  ['https://user:p@ss@h/a.jpg', 'https://redacted@h/a.jpg'],
  ['https://h/a.jpg#access_token=1', 'https://h/a.jpg'],
  [' https:\\\\user:pass@h/a.jpg', 'https://redacted@h/a.jpg'],
  ['https:user:pass@h/a.jpg', 'https://redacted@h/a.jpg'],
  ['https://user:p/ss@h/a.jpg', 'https://redacted@'],
  ['http://user:pass@h/a.jpg', 'http://redacted@h/a.jpg'],
  ['s3://key:secret@bucket/what?.jpg', 's3://redacted@bucket/what?.jpg'],
  ['data:image/png;base64,abc', 'data:redacted'],
])('%j is shown as %j', (address, shown) => {
  expect(redactAddress(address)).toEqual({ address: shown, secret: true });
});

test.each([
  'https://h/a.jpg',
  'https://h/a.jpg?width=100&v=2',
  's3://bucket/what?sig=1.jpg',
  '/archive/a.jpg?sig=1#x',
  '/archive/user:pass@home.jpg',
  '',
])('%j holds no secret', (address) => {
  expect(redactAddress(address)).toEqual({ address, secret: false });
});

test('a redacted address is known as one, but for a fragment, which was never sent', () => {
  for (const address of ['https://h/a?sig=1', 'https://u:p@h/a', 'data:x']) {
    expect(isRedacted(redactAddress(address).address)).toBe(true);
    expect(isRedacted(address)).toBe(false);
  }
});

test('neither password nor token ever comes through, and redacting twice changes nothing', () => {
  const name = fc.stringMatching(/^[a-zA-Z-]{1,12}$/u).filter((text) => !/^(?:v|w|h|q)$/iu.test(text));
  const parameters = fc.array(fc.tuple(name, fc.webFragments()), { maxLength: 4 });
  fc.assert(
    fc.property(fc.webAuthority(), fc.webPath(), parameters, (host, path, others) => {
      const query = [...others.map(([key, value]) => `${key}=${value}`), 'sig=CANARY'].join('&');
      const { address } = redactAddress(`https://user:CANARY@${host}${path}?${query}`);
      expect(address).not.toContain('CANARY');
      expect(redactAddress(address).address).toBe(address);
    }),
    { numRuns: randomInputs(40) },
  );
});
