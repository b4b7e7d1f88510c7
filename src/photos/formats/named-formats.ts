/** Control characters as pictures (`␀`, `␊`), all other bytes as the character of their number. */
const shown = (byte: number) => String.fromCharCode(byte < 0x20 ? 0x2400 + byte : byte);

/** What a file may be that is no photo, with what helps; the first that fits counts. */
const formats: readonly { readonly begins: RegExp; readonly what: string }[] = [
  { begins: /^(?:\xff␊|␀␀␀␌JXL |....ftypjxl )/su, what: 'JPEG XL: convert it to JPEG' },
  { begins: /^....ftyp(?:crx )/su, what: "a camera's raw file (CR3): export it as JPEG" },
  { begins: /^(?:FUJIFILM|IIRO|IIRS|IIU␀|␀MRM|FOVb)/u, what: "a camera's raw file: export it as JPEG" },
  { begins: /^....ftyp(?:qt {2}|isom|iso\d|mp4\d|M4V|3g|avc1)/su, what: 'a video' },
  { begins: /^%PDF-/u, what: 'a PDF document: export its picture as JPEG' },
  {
    begins: /^[\s␉␊␍]*(?:\xef\xbb\xbf)?[\s␉␊␍]*<(?:!doctype html|html|head|body)/iu,
    what: 'a web page (HTML), perhaps a login or an error page of what stands between',
  },
  { begins: /^[\s␉␊␍]*(?:<\?xml[^>]*>[\s␉␊␍]*)?<svg/u, what: 'an SVG drawing' },
  { begins: /^[\s␉␊␍]*<(?:\?xml|Error|[A-Z])/u, what: 'XML, perhaps the error of a store' },
  { begins: /^[\s␉␊␍]*[{[][\s␉␊␍]*["{[]/u, what: 'JSON text, perhaps an error of what stands between' },
  { begins: /^HTTP\/\d/u, what: 'an HTTP reply with its headers: save its body alone' },
  { begins: /^version https:\/\/git-lfs/u, what: 'a pointer of Git LFS: fetch the file itself' },
  { begins: /^data:image\//u, what: 'a data address: decode its base64 first' },
  { begins: /^(?:\/9j\/|iVBORw0KGgo)/u, what: 'an image written as base64: decode it first' },
  {
    begins: /^(?:\xc3\xbf\xc3\x98|\xef\xbf\xbd\xef\xbf\xbd|\xc2\x89PNG)/u,
    what: 'an image that was saved as text: copy it again as binary',
  },
  { begins: /^(?:\xff\xfe|\xfe\xff)/u, what: 'text (UTF-16)' },
  { begins: /^(?:FAC|FIR|IIR)␀/u, what: 'a biometric record (ISO 19794): take its picture out' },
  {
    begins: /^.{1,64}(?:\xff\xd8\xff[\xe0-\xef\xdb]|\x89PNG␍␊)/su,
    what: 'an image with other bytes before it: take these away',
  },
  { begins: /^PK(?:␃␄|␅␆)/u, what: 'a ZIP archive' },
  {
    begins: /^(?:␟\x8b|BZh|7z\xbc\xaf|Rar!|\xfd7zXZ|\x28\xb5\x2f\xfd)/u,
    what: 'a compressed file: unpack it first',
  },
  { begins: /^8BP[SB]/u, what: 'a Photoshop file: export it as JPEG' },
  { begins: /^␀␀[␁␂]␀/u, what: 'an icon (ICO)' },
  { begins: /^\xff\xa0/u, what: 'a picture of a fingerprint (WSQ)' },
  { begins: /^.{128}DICM/su, what: 'a medical picture (DICOM): export it as JPEG' },
  { begins: /^␀{16}/u, what: 'zeros, as a copy leaves them that broke off' },
];

/** What the beginning of a file shows that is no photo; undefined where nobody can say. */
export function nameFormat(bytes: Buffer): string | undefined {
  const text = Array.from(bytes.subarray(0, 256), shown).join('');
  return formats.find(({ begins }) => begins.test(text))?.what;
}
