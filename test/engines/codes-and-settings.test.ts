import { describe, expect, it } from 'vitest';
import { readOotoBody } from '../../src/engines/ooto-body.ts';
import {
  followsFromSubject,
  foreseeVerdict,
  meaningOfCode,
  templateIdOf,
} from '../../src/engines/registry.ts';
import {
  gatherSettings,
  parseSettings,
  settingKeys,
  settingOfOtherEngine,
  settingsSchema,
} from '../../src/engines/settings.ts';
import { meaningOfVerihubsCode, readVerihubsCode, verihubsErrors } from '../../src/engines/verihubs-codes.ts';
import { checkVerihubsSettings, verihubsSettings } from '../../src/engines/verihubs-settings.ts';

describe('a code of Verihubs', () => {
  const isPhotos = (reasons: readonly string[], stored = 'unknown') => ({ fault: 'photo', reasons, stored });
  it.each<[string, object | undefined]>([
    ['FAIL_ON_1', isPhotos(['liveness'])],
    ['FAIL_ON_2', isPhotos(['attribute'])],
    ['FAIL_ON_4', isPhotos(['quality'])],
    ['FAIL_ON_8', isPhotos(['face-count'])],
    ['FAIL_ON_10', isPhotos(['attribute', 'face-count'])],
    ['FAIL_ON_15', isPhotos(['liveness', 'attribute', 'quality', 'face-count'])],
    ['FACE_NOT_DETECTED', isPhotos([], 'no')],
    ['INVALID_PAYLOAD_IMAGE_TIMEOUT', { fault: 'transient' }],
    ['MISSING_PAYLOAD_IMAGE', { fault: 'program' }],
    ['INSUFFICIENT_QUOTA', { fault: 'quota' }],
    ['INSUFFICIENT_QUOTA_ENROLL', { fault: 'quota' }],
    ...['FAIL_ON_0', 'FAIL_ON_16', 'FAIL_ON_01', 'FAIL_ON_100', 'XFAIL_ON_1', 'FAIL_ON_1X', 'FAIL_ON_'].map(
      (code): [string, undefined] => [code, undefined],
    ),
    ...['INSUFFICIENT_QUOTAS', 'NO_INSUFFICIENT_QUOTA', 'toString', '__proto__', ''].map(
      (code): [string, undefined] => [code, undefined],
    ),
  ])('%s', (code, expected) => {
    expect(readVerihubsCode(code)).toEqual(expected);
    if (expected === undefined) expect(meaningOfVerihubsCode(code)).toBeUndefined();
  });
});

describe('a code of OOTO beside a template id', () => {
  const isError = (code: unknown) =>
    readOotoBody(JSON.stringify({ result: { templateId: 'T', code } }))?.isError;
  it.each([0, '00', 200, '204', 'ok', 'Success'])('is no fault: %j', (code) => {
    expect(isError(code)).toBe(false);
  });
  it.each([5, 1200, '2000', '2x0', '20x', 'ok?', 'not ok', '0.5', 'successor'])('is one: %j', (code) => {
    expect(isError(code)).toBe(true);
  });
});

describe('what a code means', () => {
  it.each([
    ['ooto', '5', 'can not detect face'],
    ['ooto', '7', undefined],
    ['ooto', 'constructor', undefined],
    ['verihubs', 'FACE_NOT_DETECTED', verihubsErrors.FACE_NOT_DETECTED],
    ['verihubs', 'FAIL_ON_9', 'fails on liveness, face-count'],
    ['verihubs', 'hasOwnProperty', undefined],
    ['another', '5', undefined],
    ['__proto__', '5', undefined],
  ])('at %s: %s', (engine, code, meaning) => {
    expect(meaningOfCode({ engine, code })).toBe(meaning);
  });
});

describe('what an engine would say of a photo', () => {
  it.each([
    ['ooto', 'undecodable', {}, '4'],
    ['ooto', 'no-face', {}, '5'],
    ['ooto', 'several-faces', {}, '6'],
    ['ooto', 'face-too-small', {}, '9'],
    ['verihubs', 'undecodable', {}, 'INVALID_PAYLOAD_IMAGE_FORMAT'],
    ['verihubs', 'no-face', {}, 'FACE_NOT_DETECTED'],
    ['verihubs', 'face-too-small', { validateNface: true }, 'FACE_NOT_DETECTED'],
    ['verihubs', 'several-faces', {}, undefined],
    ['verihubs', 'several-faces', { validateNface: true }, 'FAIL_ON_8'],
    ['another', 'no-face', {}, undefined],
  ] as const)('%s of %s with %j', (engine, fault, settings, code) => {
    const verdict = foreseeVerdict({ engine, fault, settings });
    expect(verdict?.code).toBe(code);
    if (verdict) expect(meaningOfCode({ engine, code: verdict.code }) && verdict.message).toBeTruthy();
  });
});

describe('a template id that follows from its subject', () => {
  it.each(['ooto', 'verihubs', 'another', 'constructor'])('at %s', (engine) => {
    const templateId = templateIdOf({ engine, subjectId: 'a' });
    expect(followsFromSubject({ engine, subjectId: 'a', templateId })).toBe(true);
    expect(followsFromSubject({ engine, subjectId: 'b', templateId })).toBe(false);
    expect(templateIdOf({ engine, subjectId: 'b' })).not.toBe(templateId);
  });
});

describe('what Verihubs is asked to validate must be computed', () => {
  it.each<[object, string[]]>([
    [{}, []],
    [{ validateQuality: true }, []],
    [{ checkQuality: false }, []],
    [{ validateQuality: true, checkQuality: false }, ['--validate-quality', '--check-quality']],
    [{ validateAttribute: true, checkAttribute: false }, ['--validate-attribute', '--check-attribute']],
    [{ validateLiveness: true }, ['--validate-liveness', '--check-liveness']],
    [{ validateLiveness: true, checkLiveness: true }, []],
    [{ validateLiveness: true, require: ['liveness'] }, []],
    [{ validateNface: true }, []],
  ])('%j', (settings, named) => {
    const check = () => checkVerihubsSettings(settings);
    if (named.length === 0) expect(check).not.toThrow();
    for (const name of named) expect(check).toThrow(name);
  });
});

describe('settings', () => {
  it('are those of all engines, each in one place', () => {
    expect(settingKeys).toEqual(Object.keys(settingsSchema));
    expect(settingKeys).toEqual(expect.arrayContaining(['rate', ...Object.keys(verihubsSettings)]));
  });

  it('have their defaults, and what was given', async () => {
    const sources = { flags: { validateNface: true }, environment: {}, folder: '/none' };
    const settings = parseSettings(await gatherSettings(sources));
    expect(settings).toMatchObject({ validateNface: true, validateQuality: false, photoTransport: 'bytes' });
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it.each<[string, Record<string, unknown>, string | undefined]>([
    ['verihubs', { validateNface: true }, undefined],
    ['ooto', {}, undefined],
    ['ooto', { validateNface: true }, 'validateNface'],
    ['local', { checkQuality: false }, 'checkQuality'],
    ['ooto', { photoTransport: 'url' }, 'photoTransport'],
  ])('of another engine are found: %s with %j', (engine, given, key) => {
    const found = settingOfOtherEngine(engine, { ...parseSettings({}), ...given } as never);
    expect(found?.key).toBe(key);
    if (key === 'photoTransport') expect(found?.why).toBe('does not accept addresses; use bytes');
    else if (key) expect(found?.why).toBe('does not know it; leave it out');
  });
});
