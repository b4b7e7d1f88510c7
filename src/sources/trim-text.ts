/**
 * What nobody sees at the edge of a cell: blanks of all kinds, no-break ones too, and marks without a width, which come
 * along when text is copied (zero-width space and joiners, byte order mark, marks of direction, soft hyphen).
 */
const unseen =
  '[\\s\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff]+';
const edges = new RegExp(`^${unseen}|${unseen}$`, 'gu');

/** Most cells begin and end with a letter or a digit. */
const plain = /^[!-~](?:.*[!-~])?$/su;

export const trimUnseen = (text: string) => (plain.test(text) ? text : text.replace(edges, ''));

/**
 * A cell of a spreadsheet that was kept from becoming a number: `="00017"`, or an apostrophe before digits. There is one
 * reading for it only. Any other text is given back as it is.
 */
export const unwrapText = (text: string) => /^(?:="([^"]*)"|'(\d+))$/u.exec(text)?.slice(1).join('') ?? text;
