import { join } from 'node:path';
import sharp from 'sharp';
import { makeImageBomb, makePhoto } from '../helpers/photos.ts';

/** A row of a manifest that gives no template, and what its line says. */
export interface BadPhoto {
  readonly name: string;
  /** Of the CSV manifest, without its newline: subject_id,photo,dept. */
  readonly row: string | Buffer;
  readonly status: 'failed' | 'rejected' | 'enrolled';
  readonly kind?: 'manifest' | 'photo' | 'collision' | 'rejected' | 'unavailable';
  readonly says?: readonly string[];
}

const longId = 'x'.repeat(600);
const nul = '\0';

/** Files that the rows name. */
export async function badFiles(): Promise<Record<string, Buffer | string>> {
  const photo = await makePhoto();
  const png = await makePhoto({ format: 'png' });
  const large = await sharp({ create: { width: 2000, height: 10, channels: 3, background: 'red' } })
    .gif()
    .toBuffer();
  return {
    'good.jpg': photo,
    'empty.jpg': '',
    'text.jpg': 'This is no photo.',
    'page.jpg': '<!doctype html><title>Not found</title>',
    'bomb.png': await makeImageBomb(),
    'header-only.png': png.subarray(0, 20),
    'wide.gif': large,
    'phone.heic': Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic\0\0\0\0mif1heic')]),
    'folder.jpg/inside.txt': 'x',
  };
}

/** In the order of the manifest, row 1 first. */
export const badPhotos: readonly BadPhoto[] = [
  { name: 'a good one', row: 'good,good.jpg,sales', status: 'enrolled' },
  { name: 'a field too few', row: 'short,good.jpg', status: 'failed', kind: 'manifest', says: ['row 2'] },
  {
    name: 'a field too many',
    row: 'long,good.jpg,sales,more',
    status: 'failed',
    kind: 'manifest',
    says: ['row 3'],
  },
  {
    name: 'no id',
    row: ',good.jpg,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['row 4', 'subject id'],
  },
  { name: 'no photo', row: 'none,,sales', status: 'failed', kind: 'manifest', says: ['row 5', 'photo'] },
  {
    name: 'an id that is too long',
    row: `${longId},good.jpg,sales`,
    status: 'failed',
    kind: 'manifest',
    says: ['row 6'],
  },
  {
    name: 'a NUL in the id',
    row: `n${nul}l,good.jpg,sales`,
    status: 'failed',
    kind: 'manifest',
    says: ['row 7'],
  },
  {
    name: 'a quote in the middle of a field',
    row: 'quo"te,good.jpg,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['row 8'],
  },
  {
    name: 'bytes that are no UTF-8',
    row: Buffer.from([0x66, 0xff, 0xfe, ...Buffer.from(',good.jpg,sales')]),
    status: 'failed',
    kind: 'manifest',
    says: ['row 9'],
  },
  {
    name: 'a path that leaves the folder',
    row: 'out,../../secret.jpg,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['--allow-outside'],
  },
  {
    name: 'an absolute path elsewhere',
    row: 'passwd,/etc/passwd,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['--allow-outside'],
  },
  {
    name: 'plain http',
    row: 'plain,http://photos.example/a.jpg,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['https'],
  },
  {
    name: 'not an address on S3',
    row: 'bucket,s3://key@bucket/a.jpg,sales',
    status: 'failed',
    kind: 'manifest',
    says: ['AWS_ACCESS_KEY_ID'],
  },
  { name: 'a file address', row: 'file,file:///etc/passwd,sales', status: 'failed', kind: 'manifest' },
  {
    name: 'a photo within the cell',
    row: 'data,data:image/png;base64\u{ff0c}xyz,sales',
    status: 'failed',
    kind: 'manifest',
  },
  {
    name: 'https on this machine',
    row: 'loop,https://127.0.0.1:9/a.jpg,sales',
    status: 'failed',
    kind: 'photo',
    says: ['--allow-private'],
  },
  {
    name: 'https on a cloud machine’s own address',
    row: 'meta,https://169.254.169.254/latest,sales',
    status: 'failed',
    kind: 'photo',
    says: ['--allow-private'],
  },
  {
    name: 'a file that is not there',
    row: 'gone,gone.jpg,sales',
    status: 'failed',
    kind: 'photo',
    says: ['gone.jpg', 'not there'],
  },
  {
    name: 'a folder with the name of a photo',
    row: 'folder,folder.jpg,sales',
    status: 'failed',
    kind: 'photo',
    says: ['not a regular file'],
  },
  {
    name: 'a pipe that nobody writes into',
    row: 'pipe,pipe.jpg,sales',
    status: 'failed',
    kind: 'photo',
    says: ['not a regular file'],
  },
  { name: 'an empty file', row: 'empty,empty.jpg,sales', status: 'failed', kind: 'photo', says: ['empty'] },
  { name: 'a text', row: 'text,text.jpg,sales', status: 'failed', kind: 'photo', says: ['not an image'] },
  { name: 'a web page', row: 'page,page.jpg,sales', status: 'failed', kind: 'photo', says: ['not an image'] },
  {
    name: 'an image bomb',
    row: 'bomb,bomb.png,sales',
    status: 'failed',
    kind: 'photo',
    says: ['60000 x 60000'],
  },
  {
    name: 'half a header',
    row: 'header,header-only.png,sales',
    status: 'failed',
    kind: 'photo',
    says: ['header'],
  },
  { name: 'a phone’s HEIC', row: 'heic,phone.heic,sales', status: 'failed', kind: 'photo', says: ['heic'] },
  { name: 'a GIF, which is converted', row: 'gif,wide.gif,sales', status: 'enrolled' },
  { name: 'a subject that was listed before', row: 'good,wide.gif,sales', status: 'enrolled' },
  { name: 'an id that a spreadsheet would run', row: '=1+1,good.jpg,sales', status: 'enrolled' },
  { name: 'the last row, without a newline', row: 'last,good.jpg,sales', status: 'enrolled' },
];

export const manifestOf = (rows: readonly (string | Buffer)[]): Buffer =>
  Buffer.concat([
    Buffer.from('\ufeffsubject_id,photo,dept'),
    ...rows.flatMap((row) => [Buffer.from('\r\n'), Buffer.from(row)]),
  ]);

export const pipePath = (folder: string) => join(folder, 'pipe.jpg');
