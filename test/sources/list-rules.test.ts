import { describe, expect, it } from 'vitest';
import { createLeftOutTally, type LeftOut } from '../../src/sources/left-out.ts';
import { createListRules, leftOutFolderOf } from '../../src/sources/list-rules.ts';
import { leftOutNow } from '../../src/sources/open-source.ts';
import { createPathFilter } from '../../src/sources/path-filter.ts';

const rulesOf = (
  options: { include?: string[]; exclude?: string[]; includeLeftOut?: boolean; version?: 1 | 2 } = {},
) => {
  const { include = [], exclude = [], ...rest } = options;
  return createListRules({ filter: createPathFilter({ include, exclude }), ...rest });
};

describe('a file, by its name', () => {
  it.each([
    ['a.jpg', 'photo'],
    ['A.JPG', 'photo'],
    ['a.jfif', 'photo'],
    ['a.JFIF', 'photo'],
    ['a.jpe', 'photo'],
    ['a.jif', 'photo'],
    ['a.pjpeg', 'photo'],
    ['a.jpg_large', 'photo'],
    ['a.jpg-large', 'photo'],
    ['a.jpg:large', 'photo'],
    ['a.jpeg!w720', 'photo'],
    ['a.JPG_2048', 'photo'],
    ['a.jpg1', 'photo'],
    ['a.png_m', 'photo'],
    ['a.jp2', 'photo'],
    ['a.j2k', 'photo'],
    ['a.jxl', 'photo'],
    ['00017', 'if-image'],
    ['anna', 'if-image'],
    ['anna.', 'if-image'],
    ['anna.smith', 'odd'],
    ['a.0001', 'odd'],
    ['a.dat', 'odd'],
    ['a.nef', 'other-picture'],
    ['a.svg', 'other-picture'],
    ['a.jpg.bak', 'temporary'],
    ['a.jpg~', 'temporary'],
    ['a.jpg.part', 'temporary'],
    ['a.xmp', 'no-image'],
    ['a.mp4', 'no-image'],
    ['._a.jpg', 'hidden'],
    ['.DS_Store', 'hidden'],
  ])('%s is %s', (name, verdict) => {
    expect(rulesOf().file(name)).toBe(verdict);
    expect(rulesOf().file(`some/folder.jpg/${name}`)).toBe(verdict);
  });

  it('is looked at where --include names it, whatever its suffix; --exclude leaves it out', () => {
    expect(rulesOf({ include: ['*.smith'] }).file('anna.smith')).toBe('if-image');
    expect(rulesOf({ include: ['*.jpg'] }).file('anna.smith')).toBe('excluded');
    expect(rulesOf({ exclude: ['*.jpg_large'] }).file('a.jpg_large')).toBe('excluded');
    expect(rulesOf({ includeLeftOut: true }).file('._a.jpg')).toBe('photo');
  });
});

describe('a folder, by its name', () => {
  it.each([
    ['#recycle', 'recycle-bin'],
    ['@Recycle', 'recycle-bin'],
    ['$RECYCLE.BIN', 'recycle-bin'],
    ['RECYCLER', 'recycle-bin'],
    ['.trash', 'recycle-bin'],
    ['.Trash-1000', 'recycle-bin'],
    ['.Trashes', 'recycle-bin'],
    ['files_trashbin', 'recycle-bin'],
    ['#snapshot', 'snapshot'],
    ['~snapshot', 'snapshot'],
    ['.snapshot', 'snapshot'],
    ['@Recently-Snapshot', 'snapshot'],
    ['@eaDir', 'thumbnails'],
    ['.@__thumb', 'thumbnails'],
    ['.thumbnails', 'thumbnails'],
    ['Catalog Previews.lrdata', 'thumbnails'],
    ['iPod Photo Cache', 'thumbnails'],
    ['Home.photoslibrary/resources', 'thumbnails'],
    ['Old.aplibrary/Previews', 'thumbnails'],
    ['lost+found', 'system'],
    ['FOUND.000', 'system'],
    ['System Volume Information', 'system'],
    ['__MACOSX', 'system'],
    ['.git', 'hidden'],
    // What may be anybody's own.
    ['recycle', undefined],
    ['trash', undefined],
    ['thumbs', undefined],
    ['snapshot', undefined],
    ['resources', undefined],
    ['Home.photoslibrary/originals', undefined],
    ['lost and found', undefined],
  ])('%s is left out as %s', (name, why) => {
    const rules = rulesOf();
    expect(rules.folder(name)).toBe(why);
    expect(rules.folder(`staff/${name}`)).toBe(why);
    expect(rulesOf({ includeLeftOut: true }).folder(name)).toBeUndefined();
  });

  it('is found on the way to a file, the outermost first', () => {
    expect(leftOutFolderOf('a/#recycle/b/@eaDir/x.jpg', rulesOf())).toEqual({
      path: 'a/#recycle/',
      why: 'recycle-bin',
    });
    expect(leftOutFolderOf('a/b/#recycle', rulesOf())).toBeUndefined();
  });

  it('of a run that the former version began is judged as it did', () => {
    const former = rulesOf({ version: 1 });
    const names = ['#recycle', '$RECYCLE.BIN', 'lost+found', '@eaDir', '__MACOSX', '.hidden'];
    expect(names.filter((name) => former.folder(name) !== undefined)).toEqual(names.slice(3));
    const files = ['a.jpg', 'a.jpe', 'a.jfif', 'a.jp2', '00017', 'anna.smith'];
    expect(files.filter((name) => former.file(name) === 'photo')).toEqual(files.slice(0, 2));
  });
});

it('a photo that was listed in a folder that is left out now is known by its address', () => {
  const isLeftOut = leftOutNow('/archive', {});
  expect(
    ['/archive/#recycle/a.jpg', '/archive/x/@eaDir/a.jpg', '/archive/a.jpg', '/else/#recycle/a.jpg'].map(
      isLeftOut,
    ),
  ).toEqual([true, true, false, false]);
  expect(leftOutNow('s3://b/p/', {})('s3://b/p/lost+found/a.jpg')).toBe(true);
  expect(leftOutNow('s3://i/day/manifest.json', {})('s3://b/lost+found/a.jpg')).toBe(true);
  expect(leftOutNow('s3://i/day/manifest.json', {})('s3://b/staff/a.jpg')).toBe(false);
  expect(leftOutNow('/archive', { includeLeftOut: true })('/archive/#recycle/a.jpg')).toBe(false);
});

it('counts by suffix, folder and filter; no more kinds than can be shown', () => {
  const tally = createLeftOutTally();
  const given: LeftOut[] = [
    { path: 'a/b.TXT', why: 'no-image' },
    { path: 'c.txt', why: 'no-image' },
    { path: 'noext', why: 'no-image' },
    { path: '#recycle/', why: 'recycle-bin' },
    { path: 'x/@eaDir/', why: 'thumbnails', files: 7 },
    { path: 'd.jpg', why: 'excluded' },
    { path: '.DS_Store', why: 'hidden' },
    { path: 'e.2026-11-28T10:00:00', why: 'no-image' },
  ];
  for (const each of given) tally.add(each);
  expect(tally.count()).toEqual({
    files: 13,
    byKind: {
      '.txt': 2,
      '(no suffix)': 1,
      '#recycle/': 1,
      '@eaDir/': 7,
      '(excluded)': 1,
      '(hidden)': 1,
      '(others)': 1,
    },
  });
  for (let index = 0; index < 1000; index += 1) tally.add({ path: `x.s${index}`, why: 'no-image' });
  expect(Object.keys(tally.count().byKind).length).toBeLessThanOrEqual(41);
  expect(tally.count().files).toBe(1013);
});
