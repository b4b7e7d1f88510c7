import { describe, expect, it } from 'vitest';
import { followsFromSubject } from '../../src/engines/registry.ts';
import { subjectKey } from '../../src/util/subject-id.ts';
import { isSameTemplate, templateUuid } from '../../src/util/template-id.ts';

const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';

describe('two template ids', () => {
  it.each([
    [uuid, uuid.toUpperCase()],
    [uuid, '412D0030-ff93-5f18-be2a-BF70E4CC0B18'],
    ['emp-1', 'emp-1'],
    ['Zoë'.normalize('NFC'), 'Zoë'.normalize('NFD')],
    ['00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-00000000000A'],
  ])('%s and %s are one', (one, other) => {
    expect(isSameTemplate(one, other)).toBe(true);
  });

  it.each([
    ['emp-1', 'EMP-1'],
    [uuid, uuid.replaceAll('-', '')],
    [uuid, `{${uuid}}`],
    [`${uuid}0`, `${uuid.toUpperCase()}0`],
    [uuid, ` ${uuid}`],
    ['Zoe', 'Zoë'],
  ])('%s and %s are two', (one, other) => {
    expect(isSameTemplate(one, other)).toBe(false);
  });

  it('are the one that follows from its subject, whatever its case', () => {
    const templateId = templateUuid({ engine: 'ooto', subjectId: 'p001' }).toUpperCase();
    expect(followsFromSubject({ engine: 'ooto', subjectId: 'p001', templateId })).toBe(true);
    expect(followsFromSubject({ engine: 'ooto', subjectId: 'P001', templateId })).toBe(false);
  });
});

it('subject ids are one in every form of Unicode, and two in another case', () => {
  expect(subjectKey('Zoë'.normalize('NFD'))).toBe(subjectKey('Zoë'.normalize('NFC')));
  expect(subjectKey('emp')).not.toBe(subjectKey('Emp'));
});
