import { expect, it } from 'vitest';
import { checkPhoto } from '../../src/runs/inbox/check-photo.ts';
import type { InboxErrorKind } from '../../src/runs/inbox/inbox-error.ts';

const check = (given: object) =>
  checkPhoto({ subjectId: 'anna', photo: '/a.jpg', ...given }, { index: 3, folder: '/', key: undefined });

/** As every decoder of JSON, forms and words of a command reads an `ü` of Latin-1. */
const decoded = Buffer.from('M\xfcller', 'latin1').toString('utf8');

it.each<[string, object, string]>([
  ['an id that was no UTF-8', { subjectId: decoded }, 'subjectId'],
  ['a template id that was no UTF-8', { templateId: decoded }, 'templateId'],
  ['an id of blanks', { subjectId: ' \u00a0' }, 'subjectId'],
  ['a photo without a place', { photo: '' }, 'photo'],
])('refuses %s', async (_, given, field) => {
  const kind: InboxErrorKind = 'bad-photo';
  await expect(check(given)).rejects.toMatchObject({ kind, field, index: 3, exitCode: 2 });
});

it('takes ids in any script', async () => {
  expect(await check({ subjectId: 'Müller 名前' })).toMatchObject({ subjectId: 'Müller 名前' });
});
