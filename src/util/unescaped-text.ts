/** A text without some of its escapes; each character knows where it came from. */
interface TextView {
  readonly text: string;
  /** Where the source of each character begins and ends in the first text. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

const mostLayers = 3;

/**
 * A text as it is, and without one, two and three layers of escapes, as long as there are any: percent signs (in either
 * case), JSON's and JavaScript's back slashes, HTML's entities. For searching: what a layer was is not known.
 */
export function readUnescaped(text: string): TextView[] {
  const places = Array.from({ length: text.length }, (_, index) => index);
  const views: TextView[] = [{ text, starts: places, ends: places.map((place) => place + 1) }];
  for (let layer = 1; layer <= mostLayers; layer += 1) {
    const view = views.at(-1);
    const next = view && withoutLayer(view);
    if (!next) break;
    views.push(next);
  }
  return views;
}

const escapes =
  /%(?<percent>[\da-f]{2})|\\u\{(?<braced>[\da-f]{1,6})\}|\\u(?<unicode>[\da-f]{4})|\\x(?<hex>[\da-f]{2})|\\(?<sign>[\\/"'])|&#x(?<entityHex>[\da-f]{1,6});?|&#(?<entity>\d{1,7});?|&(?<name>[a-z]{2,8});/gi;

/** undefined: it has no escapes. */
function withoutLayer({ text, starts, ends }: TextView): TextView | undefined {
  const next = { text: '', starts: [] as number[], ends: [] as number[] };
  const take = (from: number, to: number) => {
    next.text += text.slice(from, to);
    next.starts.push(...starts.slice(from, to));
    next.ends.push(...ends.slice(from, to));
  };
  let place = 0;
  for (const match of text.matchAll(escapes)) {
    const character = read(match.groups ?? {});
    if (character === undefined) continue;
    take(place, match.index);
    place = match.index + match[0].length;
    next.text += character;
    for (let unit = 0; unit < character.length; unit += 1) {
      next.starts.push(starts[match.index] ?? 0);
      next.ends.push(ends[place - 1] ?? text.length);
    }
  }
  if (place === 0) return undefined;
  take(place, text.length);
  return next;
}

function read(groups: Readonly<Record<string, string | undefined>>): string | undefined {
  const { percent, braced, unicode, hex, sign, entityHex, entity, name } = groups;
  if (sign !== undefined) return sign;
  if (name !== undefined) return entities[name.toLowerCase()];
  const digits = percent ?? braced ?? unicode ?? hex ?? entityHex;
  const code = digits === undefined ? Number(entity) : Number.parseInt(digits, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** Of the printable characters that a credential may have. */
const entities: Readonly<Record<string, string>> = Object.assign(
  Object.create(null),
  Object.fromEntries(
    'excl:! quot:" num:# dollar:$ percnt:% amp:& apos:\' lpar:( rpar:) ast:* plus:+ comma:, hyphen:- dash:- period:. sol:/ colon:: semi:; lt:< equals:= gt:> quest:? commat:@ lsqb:[ lbrack:[ bsol:\\ rsqb:] rbrack:] hat:^ lowbar:_ grave:` lcub:{ lbrace:{ verbar:| vert:| rcub:} rbrace:}'
      .split(' ')
      .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
  ),
);
