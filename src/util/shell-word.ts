/**
 * A text as one word of a shell's command line, to be copied and pasted: as it is where that is safe, else in single
 * quotes; what nobody sees, and what would end a line, as `$'\x0a'`, which bash, zsh and ksh read.
 */
export function shellWord(text: string): string {
  if (/^[\w./:@+,-]+$/u.test(text)) return text;
  if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  const escaped = [...text].map((character) => {
    if (/['\\]/u.test(character)) return `\\${character}`;
    if (!/[\p{C}\p{Zl}\p{Zp}]/u.test(character)) return character;
    return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('');
  });
  return `$'${escaped.join('')}'`;
}
