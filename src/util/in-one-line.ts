/** What another program said, for a message: its lines are kept apart by ` | `. */
export const inOneLine = (text: string) => text.trim().replace(/\s*[\r\n]\s*/gu, ' | ');
