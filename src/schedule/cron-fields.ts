/** The fields of a cron expression, with the numbers that each may hold; 7 is Sunday, as 0 is. */
const allFields = [
  { name: 'second', least: 0, most: 59 },
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12 },
  { name: 'weekday', least: 0, most: 7 },
] as const;

/**
 * What is wrong with the numbers of an expression of 5 or 6 fields, in the words of its fields: the parser's own message
 * counts days and months from 0. Undefined where nothing is, or where the parser has to say it.
 */
export function wrongField(fields: readonly string[]): string | undefined {
  for (const [index, field] of allFields.slice(-fields.length).entries()) {
    const text = fields[index] ?? '';
    const { name, least, most } = field;
    if (/(?<![a-z])h(?![a-z])/i.test(text)) return 'H is not supported';
    for (const range of text.split(',')) {
      const [from = '', to] = (range.split(/[/#]/u)[0] ?? '').split('-');
      const numbers = [from, to ?? from].filter((part) => /^\d+$/u.test(part)).map(Number);
      const outside = numbers.find((number) => number < least || number > most);
      if (outside !== undefined) return `its ${name} is ${outside}, and may be ${least} to ${most}`;
      const [first = 0, last = first] = numbers;
      if (first > last)
        return `its ${name} goes from ${first} to ${last}: write ${first}-${most},${least}-${last}`;
    }
  }
  return undefined;
}
