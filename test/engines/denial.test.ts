import { describe, expect, it } from 'vitest';
import { denialIn, saysFailure, saysSuccess, saysThrottled, wordsIn } from '../../src/engines/denial.ts';

type Body = Readonly<Record<string, unknown>>;
const shownOf = (body: Body, text = JSON.stringify(body)) => denialIn(body, text)?.shown;

/** Each value under each of the names. */
const under = (names: string, values: readonly unknown[]) =>
  names.split(' ').flatMap((name) => values.map((value): [string, unknown] => [name, value]));

describe('what speaks against a success', () => {
  it.each([
    ...under('success isSuccess is_success OK stored enrolled', [false, 0, 'false', 'NO', '0', ' n ']),
    ...under('error errors err exception errorCode err_msg error_details', [
      'no face',
      'unsuccessful',
      'not ok',
      'null pointer',
      'no errors but one',
      7,
      true,
      { code: 5 },
      { code: 0, text: 'x' },
      [{ code: 5 }],
      ['', 'x'],
      '10',
      '1000',
    ]),
    ...under('status state code httpStatus statusCode result', [
      400,
      '503',
      ' 404 ',
      'Failed',
      'not-ok',
      'pending',
      false,
    ]),
    ...under('message msg info detail description reason', ['could not store', 'Gagal', 'try again']),
  ])('"%s": %j', (name, value) => {
    expect(shownOf({ templateId: 'T', [name]: value })).toContain(`"${name}": `);
  });

  it.each([
    ...under('success isSuccess ok stored', [true, 1, 'true', 'yes', '', null, 'nobody', 'falsey', 'on', 10]),
    ...under('error errors err errorCode err_msg', [
      ...[
        '',
        ' ',
        'none',
        'NULL',
        'nil',
        'ok',
        'no',
        'false',
        '0',
        '000',
        'success',
        'successful',
        'n/a',
        '-',
      ],
      ...['no error', 'noerrors', 'no_errors', 'No-Error', ' None '],
      ...[null, false, 0, [], {}, [null, 0], { code: 0, text: '' }, undefined],
    ]),
    ...under('status code httpStatus statusCode result', [
      200,
      '201',
      'ok',
      'success',
      '',
      4000,
      1400,
      '40',
      true,
      null,
      ['failed'],
    ]),
    ...under('message info detail', ['all fine', 'no errors', '0 failures', 3, null, ['failed']]),
    ...under('name note face subject', ['failed', false, 500]),
  ])('does not: "%s": %j', (name, value) => {
    expect(shownOf({ templateId: 'T', [name]: value })).toBeUndefined();
  });

  it('may stand where results lie, and nowhere else', () => {
    const no = { success: false };
    for (const place of ['result', 'data', 'response']) {
      expect(shownOf({ [place]: no })).toBe('"success": false');
      expect(shownOf({ [place]: { enroll: no } })).toBe('"success": false');
      expect(shownOf({ [place]: { search: no } })).toBe('"success": false');
      expect(shownOf({ [place]: { face: no } })).toBeUndefined();
      expect(shownOf({ [place]: [no] })).toBeUndefined();
    }
    expect(shownOf({ face: no })).toBeUndefined();
  });

  it('is shown in short: three at most, of objects their first words', () => {
    const body = {
      success: false,
      error: { code: 5, deep: { text: 'no face', list: [null, true] } },
      ok: 0,
      stored: 0,
    };
    expect(shownOf(body)).toBe('"success": false, "error": "5; no face", "ok": 0');
    expect(shownOf({ error: { a: { b: { c: { d: 'too deep' } } } } })).toBe('"error": ""');
    expect(shownOf({ error: 'x'.repeat(400) })).toHaveLength('"error": ""'.length + 400);
    expect(shownOf({ error: ['x'.repeat(400)] })).toHaveLength('"error": ""'.length + 300);
    expect(shownOf({ error: Array.from({ length: 30 }, (_, index) => index + 1) })).toMatch(/; 20"$/);
  });
});

describe('a name that comes twice', () => {
  it.each([
    ['{"success":false,"success":true}', '"success"'],
    ['{"error":"no","templateId":"T","error":null}', '"error"'],
    ['{"data":{"error":"x","error":null}}', '"error"'],
    ['{"list":[{"a":1},2],"ok":false,"ok":true}', '"ok"'],
    ['{"s\\u0075ccess":false,"success":true}', '"success"'],
    ['{"message":"a \\"quoted\\": one","message":"x"}', '"message"'],
    ['{"a":{"b":{"c":{"d":{"e":{"error":1,"error":0}}}}}}', '"error"'],
  ])('hides what it said first: %s', (text, name) => {
    expect(denialIn(JSON.parse(text), text)?.shown).toBe(`${name} comes twice`);
  });

  it.each([
    ['in two objects', '{"data":{"error":null},"error":null}'],
    ['in two objects of a list', '{"list":[{"error":null},{"error":null}]}'],
    ['as a value', '{"error":null,"name":"error"}'],
    ['as values of a list', '{"success":true,"list":["success","success"]}'],
    ['as one that says nothing of success', '{"face":1,"face":2}'],
    ['too deep to matter', '{"a":{"b":{"c":{"d":{"e":{"f":{"error":0,"error":0}}}}}}}'],
    ['behind what is too deep', '{"a":{"b":{"c":{"d":{"e":{"f":{"error":0}}}}}},"error":null}'],
  ])('is none %s', (_, text) => {
    expect(denialIn(JSON.parse(text), text)).toBeUndefined();
  });
});

describe('the words of a body', () => {
  it('are those that are for people, wherever results lie', () => {
    const body = {
      message: 'one',
      templateId: 'T',
      Error_Message: { text: 'two', code: 3, deep: [['four'], [['too deep']]] },
      data: { hint: 'five', name: 'six', enroll: { reasons: ['seven', null, true] } },
      ...{ age: 30, face: { note: 'eight' } },
    };
    expect(wordsIn(body)).toBe('one; two; 3; four; five; seven');
    expect(wordsIn({ message: 'x'.repeat(2_000) })).toHaveLength(1_000);
    expect(wordsIn({ templateId: 'T' })).toBe('');
  });

  it.each([
    ['enrolled successfully', true],
    ['Success', true],
    ['a successful enrollment', true],
    ['success: no errors', true],
    ['not successful', false],
    ['unsuccessful', false],
    ['successor', false],
    ['done', false],
    ['success, but 3 errors', false],
    ['Gagal: success', false],
  ])('%j: success is %s', (words, isSuccess) => {
    expect(saysSuccess(words)).toBe(isSuccess);
  });

  it.each([
    ['failed', true],
    ["can't store", true],
    ['zero failures', false],
    ['without any problems', false],
    ['without a face', true],
    ['0 errors, 1 failure', true],
    ['stored', false],
    ['nothing', false],
  ])('%j: failure is %s', (words, isFailure) => {
    expect(saysFailure(words)).toBe(isFailure);
  });

  it.each([
    ['too many requests', true],
    ['TOO_MANY_REQUESTS', true],
    ['too--many__api requests', true],
    ['rate limit was exceeded', true],
    ['over the request limit', true],
    ['throttled', true],
    ['slow-down', true],
    ['too many\n  requests', true],
    ['too many faces', false],
    ['limit of faces reached', false],
    ['rate of the photo', false],
  ])('%j: too fast is %s', (words, isThrottled) => {
    expect(saysThrottled(words)).toBe(isThrottled);
  });
});
