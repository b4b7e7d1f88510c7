import { describe, expect, it } from 'vitest';
import { secretsOfAddress } from '../../src/util/address-secrets.ts';
import { createCleanText } from '../../src/util/foreign-text.ts';

const token = 'c2VjcmV0LXRva2Vu/+A';
const encoded = encodeURIComponent(token);

describe('what is secret in an address', () => {
  it.each([
    ['its password', 'https://user:pass word@h/a.jpg', ['pass word']],
    ['its password, encoded', 'https://user:pass%20word@h/a.jpg', ['pass word', 'pass%20word']],
    ['a token instead of a user', `https://${encoded}@h/a.jpg`, [token, encoded]],
    ['a signature', `https://h/a.jpg?sig=${encoded}&v=1`, [token, encoded, `sig=${encoded}&v=1`]],
    ['a query that is a token', `https://h/a.jpg?${encoded}`, [token, encoded]],
    ['a query of a query', `https://h/a.jpg?x=${token}?y`, [`${token}?y`]],
    ['an encoding that is none', `https://h/a.jpg?sig=${token}%zz`, [`${token}%zz`]],
  ])('is %s, however a text repeats it', (_, address, repeated) => {
    const clean = createCleanText({ secrets: secretsOfAddress(address), limit: 500 });
    for (const secret of repeated) expect(clean(`no ${secret} here`)).toBe('no [redacted] here');
  });

  it.each(['https://h/a.jpg', '/archive/user:pass@home.jpg', 's3://bucket/key', 'https://user@h/a.jpg', ''])(
    'is nothing of %j',
    (address) => expect(secretsOfAddress(address)).toEqual([]),
  );

  it('is no short value of a query, which would tear words apart', () => {
    const address = 'https://h/a.jpg?photo=face&size=123456789012345';
    const clean = createCleanText({ secrets: secretsOfAddress(address) });
    expect(clean('no face in the photo of size 123456789012345')).toBe(
      'no face in the photo of size 123456789012345',
    );
  });
});
