import { describe, expect, test } from 'vitest';
import { createIdJudge, isSpreadsheetError } from '../../src/sources/manifest/spreadsheet-ids.ts';

/** `fails`, the warning, or `fine` for an id in a column; `isNew`: it stands behind what was looked at first. */
function judge(id: string, column: readonly string[], isNew = false): string {
  const verdict = createIdJudge(column).judge('subject id', id, isNew);
  if (verdict === undefined) return 'fine';
  return 'problem' in verdict ? 'fails' : verdict.warning;
}

test.each([
  ['#N/A', '#n/a', '#REF!', '#NAME?', '#VALUE!', '#DIV/0!', '#NUM!', '#NULL!', '#SPILL!', '#CALC!'],
  ['#FIELD!', '#BLOCKED!', '#GETTING_DATA', '#BEZUG!', '#WERT!', '#NV', '#ZAHL!', '#NOM?', '#VALEUR!'],
  ['#¡REF!', '#¿NOMBRE?', '#N/D', '#ССЫЛКА!', '#ИМЯ?', '#Н/Д', '#######', 'Err:502', '#N/A N/A'],
])('errors of formulas fail in any column: %j, %j, …', (...errors) => {
  for (const error of errors) {
    expect(isSpreadsheetError(error), error).toBe(true);
    expect(judge(error, [error]), error).toBe('fails');
    expect(judge(error, ['emp-1', error, 'emp-2'], true), error).toBe('fails');
  }
});

test.each(['#17', '#emp', '# 1', '#', '##', 'N/A-17', 'REF!', '#1-2', 'emp#N/A'])(
  '%j is no error of a formula',
  (id) => expect(isSpreadsheetError(id)).toBe(false),
);

describe('what a program writes where there is no value', () => {
  test.each([
    ['NULL', ['NULL', 'NULL'], 'fails'],
    ['NULL', ['emp-1', 'NULL'], 'fails'],
    ['(null)', ['17', '(null)', '18'], 'fails'],
    ['\\N', ['smith', '\\N'], 'fails'],
    ['N/A', ['smith', 'jones', 'N/A'], 'fails'],
    ['nan', ['17.5', 'nan'], 'fails'],
    ['None', ['a1', 'None'], 'fails'],
    ['NaT', ['emp-1', 'NaT'], 'fails'],
    ['<NA>', ['emp-1', '<NA>'], 'fails'],
    ['[object Object]', ['emp-1', '[object Object]'], 'fails'],
    ['0x', ['0x1F', '0x2A', '0x'], 'fails'],
    ['Null', ['Smith', 'Null', 'Jones'], 'id-like-missing'],
    ['Null', ['Smith', 'Null', 'Jones', 'Null'], 'fails'],
    ['NA', ['KIM', 'NA', 'LEE'], 'id-like-missing'],
    ['NULL', ['NULL'], 'id-like-missing'],
    ['Nullmeyer', ['Smith', 'Nullmeyer'], 'fine'],
    ['NULL-1', ['NULL-1', 'NULL-2'], 'fine'],
  ])('%j in %j: %s', (id, column, expected) => expect(judge(id, column)).toBe(expected));

  test('behind what was looked at first it counts as one more', () => {
    expect(judge('Null', ['Smith', 'Jones'], true)).toBe('id-like-missing');
    expect(judge('Null', ['Smith', 'Null', 'Jones'], true)).toBe('fails');
    expect(judge('NULL', ['emp-1'], true)).toBe('fails');
  });
});

test.each([
  ['3-Jan', ['3-Jan', '4-Feb'], 'fails'],
  ['3-Jan', ['3-14', '3-Jan'], 'fails'],
  ['01. Mrz', ['emp-1', '01. Mrz'], 'fails'],
  ['2-Sept', ['BRCA1', '2-Sept'], 'fails'],
  ['Mar-01', ['MYC', 'Mar-01'], 'fails'],
  ['03/01/2024', ['3-1', '03/01/2024'], 'fails'],
  ['2024-01-03', ['17', '2024-01-03'], 'fails'],
  ['2024-01-03 00:00:00', ['17', '2024-01-03 00:00:00'], 'fails'],
  ['3-Jan', ['3-Jan'], 'id-like-date'],
  ['3-Jan', ['3-Ann', '4-Bob', '3-Jan'], 'id-like-date'],
  ['2024-01-03', ['123-45-678', '2024-01-03'], 'id-like-date'],
  ['3-Ann', ['3-Ann', '3-Jan'], 'fine'],
  ['SET-01', ['SET-01', 'SET-02'], 'fine'],
  ['12-34-5678', ['12-34-5678'], 'fine'],
])('dates: %j in %j: %s', (id, column, expected) => expect(judge(id, column)).toBe(expected));

test.each([
  ['1.23457E+11', ['1.23457E+11', '1.23458E+11'], 'fails'],
  ['1.2E+05', ['123456', '1.2E+05'], 'fails'],
  ['1E+05', ['emp-1', '1E+05'], 'fails'],
  ['1,23E+11', ['123456', '1,23E+11'], 'fails'],
  ['1E5', ['99999', '100001', '1E5'], 'fails'],
  ['1E5', ['emp-1', '1E5', '2E7'], 'fails'],
  ['1E5', ['1E5'], 'id-like-scientific'],
  ['1E5', ['emp-1', 'emp-2', '1E5'], 'id-like-scientific'],
  ['1E5', ['1A5', '1B5', '1E5', '1E6', '17'], 'id-like-scientific'],
  ['1e234567', ['1a234567', '12345e67', '1e234567'], 'id-like-scientific'],
  ['1.23457E+11', ['1.23457E+11'], 'id-like-scientific'],
  ['E5', ['17', 'E5'], 'fine'],
  ['1EE5', ['17', '1EE5'], 'fine'],
])('scientific notation: %j in %j: %s', (id, column, expected) => expect(judge(id, column)).toBe(expected));

test.each([
  ['3276021507890010', ['3276021507890010', '3276021507890020', '3276021507890030'], 'fails'],
  ['3276021507890010', ['3276021507890010', '3276021507890010', '17', '3276021507890010'], 'fails'],
  ['32760215078900100', ['32760215078900100', '32760215078900200'], 'fails'],
  ['110101199003070000', ['110101199003070000', '110101199003070000'], 'fails'],
  ['3276021507890010', ['3276021507890010', '3276021507890020'], 'id-like-rounded'],
  ['110101199003070000', ['110101199003070000', 'emp-1'], 'id-like-rounded'],
  ['3276021507890010', ['3276021507890010', '3276021507890021', '3276021507890030'], 'fine'],
  ['3276021507890010', ['3276021507890010', '0000021507890021', '3276021507890030'], 'fine'],
  ['327602150789010', ['327602150789010', '327602150789020', '327602150789030'], 'fine'],
  ['3276021507890021', ['3276021507890010', '3276021507890020', '3276021507890030'], 'fine'],
])('rounded to 15 digits: %j in %j: %s', (id, column, expected) => expect(judge(id, column)).toBe(expected));

test.each([
  ['0x1F', ['emp-1', '0x1F'], 'id-like-hexadecimal'],
  ['0x1F', ['31', '0x1F'], 'id-like-hexadecimal'],
  ['0x1F', ['0x1F', '0x2A'], 'fine'],
  ['MÃ¼ller', ['MÃ¼ller'], 'id-like-garbled'],
  ['Ã–ztÃ¼rk', ['Smith', 'Ã–ztÃ¼rk', 'MÃ¼ller'], 'id-like-garbled'],
  ['å±±ç”°', ['å±±ç”°'], 'id-like-garbled'],
  ['Müller', ['Müller', 'SÃO', 'GROß'], 'fine'],
  ['Müller Ã¼', ['Müller Ã¼'], 'fine'],
  ['SÃO', ['SÃO'], 'fine'],
  ['17.0', ['17.0', '18.0'], 'id-like-decimal'],
  ['17.0', ['00017', '17.0'], 'id-like-decimal'],
  ['1.0', ['1.0', '1.5'], 'fine'],
  ['17', ['00017', '00018', '17'], 'id-zeros-lost'],
  ['17', ['007', '17'], 'id-zeros-lost'],
  ['12345', ['00017', '12345'], 'fine'],
  ['00017', ['00017', '17'], 'fine'],
  ['17', ['17', '18', '0'], 'fine'],
  ['emp-17', ['00017', 'emp-17'], 'fine'],
])('numbers: %j in %j: %s', (id, column, expected) => expect(judge(id, column)).toBe(expected));

test('says what it looks like, why, and what to do', () => {
  const verdict = createIdJudge(['3-1', '3-Jan']).judge('subject id', '3-Jan', false);
  expect(verdict).toEqual({
    problem:
      'subject id "3-Jan" looks like a date that a spreadsheet made of an id, as the column shows; correct the list (format the column as text), or take ids as they are with --keep-ids',
  });
});
