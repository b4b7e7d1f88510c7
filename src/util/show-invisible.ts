/** Control and format characters (bidirectional ones too), line separators, lone surrogates, and all that has no glyph. */
const invisible = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * A text of somebody else (a name, an id, what an engine says) as a person may read it: what a terminal would obey, what
 * begins a line, and what nobody sees is written as `\n`, `\u001b`, `\u{e0041}`.
 */
export const showInvisible = (text: string) =>
  text.replace(invisible, (found) => short[found] ?? coded(found));

export const hasInvisible = (text: string) => !/^[ -~]*$/u.test(text) && text.search(invisible) >= 0;

function coded(character: string): string {
  const code = (character.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
