/** Objects in each other whose names are looked at. */
const deepest = 6;

/** Names that an object of a JSON text has more than once: `JSON.parse` keeps the last of them alone. */
export function namesThatComeTwice(text: string): ReadonlySet<string> {
  const twice = new Set<string>();
  const open: (Set<string> | undefined)[] = [];
  let latest = '';
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:]/g)) {
    if (token === '{') open.push(open.length < deepest ? new Set() : undefined);
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token !== ':') latest = token;
    else {
      const names = open.at(-1);
      const name = readName(latest);
      if (names?.has(name)) twice.add(name);
      names?.add(name);
    }
  }
  return twice;
}

function readName(token: string): string {
  return token.includes('\\') ? String(JSON.parse(token)) : token.slice(1, -1);
}
