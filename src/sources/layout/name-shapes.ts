/** What cameras, phones, scanners and messengers call a picture: nobody's id is in it. */
const cameraNames = new RegExp(
  `^(?:${[
    '_?(?:IMG|DSC[NF]?|MG|MVI|CIMG|DSCI|IMAG|PICT|HPIM|SAM|DJI|GOPR|WP|PXL|FB_IMG|IMG_E|received)[-_ ]?\\d{3,}.*',
    '(?:image|photo|foto|picture|pic|scan|snapshot|webcam|bild|imagen)[-_ ]*\\(?\\d*\\)?',
    '(?:screenshot|screen shot|bildschirmfoto|whatsapp image|signal|photo|pxl|img|vid)[-_ ]\\d{4}-?\\d\\d-?\\d\\d.*',
    '(?:19|20)\\d{2}(?:0[1-9]|1[0-2])[0-3]\\d[-_ ]?[0-2]\\d[0-5]\\d[0-5]\\d.*',
    '(?:unnamed|untitled|download|unbenannt)[-_ ]*\\(?\\d*\\)?',
    '\\d{3}_\\d{4}',
  ].join('|')})$`,
  'iu',
);
export const isCameraName = (stem: string) => cameraNames.test(stem);

/** `2024`, `2024-03`, `20240312`, `12.03.2024`. */
const dates =
  /^(?:(?:19|20)\d\d(?:[-_. ]?(?:0[1-9]|1[0-2])(?:[-_. ]?[0-3]\d)?)?|[0-3]?\d[-_.][01]?\d[-_.](?:19|20)\d\d)$/u;
export const isDate = (text: string) => dates.test(text);

const monthOrDay = /^(?:\d{1,2}(?:[-_. ]+\p{L}+)?|\p{L}{3,9})$/u;
const otherFolders =
  /^(?:dcim|camera|\d{3}[a-z_]{5}|photos?|pictures?|images?|fotos?|bilder|new folder.*|uploads?|export|all)$/iu;

/** Whether a folder's name says when or by what its photos were made: `2024/03`, `DCIM/100CANON`. It is nobody's. */
export function isNobodysFolder(folder: string, above: string | undefined): boolean {
  if (isDate(folder) || otherFolders.test(folder)) return true;
  return above !== undefined && isDate(above) && monthOrDay.test(folder);
}

/** What tells one photo of a person from the next: a short number, a letter, or from where it was taken. */
const views =
  /^(?:\d{1,3}|[a-z]|(?:front(?:al)?|face|left|right|side|profile|portrait|photo|foto|pic(?:ture)?|image|img|passport|badge|main|primary|crop(?:ped)?|smile|neutral|glasses|new|old)[-_ ]?\d{0,3})$/iu;
export const isView = (text: string) => views.test(text);

/** `0017`, `emp-17`, `A1B2`: one word with a digit in it. */
export const isCode = (text: string) => /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(text) && /\p{N}/u.test(text);

/** A person's name: letters, no digit. */
export const isName = (text: string) => /\p{L}{2}/u.test(text) && !/\p{N}/u.test(text);
