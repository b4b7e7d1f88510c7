import { describe, expect, it } from 'vitest';
import { listedRow } from '../../src/sources/manifest/listed-row.ts';

const uuid = '412d0030-ff93-5f18-be2a-bf70e4cc0b18';

const rowWith = (templateId: string) =>
  listedRow(
    {
      place: 'row 7',
      row: 7,
      cursor: '7',
      subjectId: 'p007',
      photo: 'p007.jpg',
      templateId,
      version: undefined,
      metadata: {},
    },
    { folder: '/archive', allowOutside: false },
  );

describe('a row that names a template id', () => {
  it.each([
    ` ${uuid}`,
    `${uuid} `,
    `\t${uuid}`,
    `\u00a0${uuid}`,
    `${uuid}\u200b`,
    `\ufeff${uuid}`,
    `emp-1\n`,
  ])('is no photo where blanks are around it: %j', (templateId) => {
    expect(rowWith(templateId).problem).toBe(
      `row 7: template id begins or ends with a blank: ${JSON.stringify(templateId)}; take the blanks away`,
    );
  });

  it.each([uuid, uuid.toUpperCase(), 'emp 1', '', '   '])('is one with %j', (templateId) => {
    expect(rowWith(templateId).problem).toBeUndefined();
  });
});
