import { describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { type Claim, createTemplateClaims } from '../../src/runs/erasure/template-claims.ts';

/** `bob` is to be forgotten; who is named after the engine's word is not sure. */
const claimOf = (
  subjectId: string,
  how: 'sent' | 'named' | 'perhaps',
  at: number,
): Omit<Claim, 'templateId'> => ({
  subjectId,
  at,
  isNamedByEngine: how === 'named',
  isCertain: how !== 'perhaps',
});
type Case = readonly [what: string, claims: readonly Omit<Claim, 'templateId'>[], isOfOther: boolean];

function isOfOther(engine: string, templateId: string, claims: readonly Omit<Claim, 'templateId'>[]) {
  const found = createTemplateClaims({ engine, subjects: new Set(['bob']) });
  found.note(templateId);
  for (const claim of claims) found.add({ ...claim, templateId });
  return found.isOfOther(templateId);
}

describe('whose a template is, at Verihubs', () => {
  const named = claimOf('bob', 'named', 2);
  it.each<Case>([
    ['the engine named alice for bob, after alice was enrolled', [claimOf('alice', 'sent', 1), named], true],
    ['the engine named alice for bob, before', [named, claimOf('alice', 'sent', 3)], true],
    ['of alice nothing is known', [named], true],
    ['alice may be enrolled', [claimOf('alice', 'perhaps', 1), named], true],
    ['a list gave bob the id alice', [claimOf('bob', 'sent', 2)], false],
    ['a list gave it to bob after alice', [claimOf('alice', 'sent', 1), claimOf('bob', 'sent', 2)], false],
    ['a list gave it to bob before alice', [claimOf('bob', 'sent', 1), claimOf('alice', 'sent', 2)], true],
    [
      'a list gave it to bob, and the engine named it for carl',
      [claimOf('bob', 'sent', 1), claimOf('carl', 'named', 2)],
      false,
    ],
  ])('alice: %s', (_, claims, expected) => {
    expect(isOfOther('verihubs', 'alice', claims)).toBe(expected);
  });

  it.each<Case>([
    ['nothing is known', [], false],
    ['it is his', [claimOf('bob', 'sent', 1)], false],
    ['the engine named it for alice', [claimOf('bob', 'sent', 1), claimOf('alice', 'named', 2)], false],
    ['the same, of him nothing is known', [claimOf('alice', 'named', 2)], false],
    ['a list gave it to alice, later', [claimOf('bob', 'sent', 1), claimOf('alice', 'sent', 2)], true],
    ['a list gave it to alice, and he was never enrolled', [claimOf('alice', 'sent', 2)], true],
  ])('bob: %s', (_, claims, expected) => {
    expect(isOfOther('verihubs', 'bob', claims)).toBe(expected);
  });
});

describe('whose a template is, at OOTO', () => {
  const own = templateIdOf({ engine: 'ooto', subjectId: 'bob' });
  it.each<[string, string, readonly Omit<Claim, 'templateId'>[], boolean]>([
    ['his own', own, [], false],
    ['his own, in capitals', own.toUpperCase(), [claimOf('bob', 'sent', 1)], false],
    [
      'his own, given to alice by a list, later',
      own,
      [claimOf('bob', 'sent', 1), claimOf('alice', 'sent', 2)],
      true,
    ],
    ['one that the engine made', 'T1', [claimOf('bob', 'named', 1)], false],
    [
      'one that the engine named for both',
      'T1',
      [claimOf('alice', 'named', 1), claimOf('bob', 'named', 2)],
      true,
    ],
    ['one that was sent for alice', 'T1', [claimOf('alice', 'sent', 1), claimOf('bob', 'named', 2)], true],
    [
      'one that may be his, after it was hers',
      'T1',
      [claimOf('alice', 'sent', 1), claimOf('bob', 'perhaps', 2)],
      true,
    ],
    [
      'one that may be hers, after it was his',
      'T1',
      [claimOf('bob', 'sent', 1), claimOf('alice', 'perhaps', 2)],
      true,
    ],
  ])('%s', (_, templateId, claims, expected) => {
    expect(isOfOther('ooto', templateId, claims)).toBe(expected);
  });
});
