/** A secret that is looked for. */
export interface Canary {
  readonly name: string;
  readonly bytes: Buffer;
}

export function canary(name: string, secret: string | Buffer): Canary {
  return { name, bytes: Buffer.from(secret) };
}

/** Names of the canaries, with the spelling, that are found in any of the texts. Texts are bytes, as latin1. */
export function findCanaries(canaries: readonly Canary[], texts: Readonly<Record<string, string>>): string[] {
  return Object.entries(texts).flatMap(([place, text]) =>
    canaries.flatMap(({ name, bytes }) =>
      spellingsOf(bytes)
        .filter(({ spelling }) => text.includes(spelling))
        .map(({ kind }) => `${name} (${kind}) in ${place}`),
    ),
  );
}

function spellingsOf(bytes: Buffer): { kind: string; spelling: string }[] {
  const raw = bytes.toString('latin1');
  const inJson = JSON.stringify(raw).slice(1, -1);
  return [
    { kind: 'raw', spelling: raw },
    { kind: 'JSON', spelling: inJson },
    { kind: 'URL-encoded', spelling: encodeURIComponent(bytes.toString()) },
    { kind: 'hex', spelling: bytes.toString('hex') },
    ...[0, 1, 2].flatMap((shift) => {
      const middle = base64Inside(bytes, shift);
      const inUrl = middle.replaceAll('+', '-').replaceAll('/', '_');
      return [
        { kind: `base64 at ${shift}`, spelling: middle },
        { kind: `base64 for URLs at ${shift}`, spelling: inUrl },
      ];
    }),
  ];
}

/** What stands in base64 for these bytes wherever they begin in what was encoded: without the signs shared with others. */
function base64Inside(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const whole = Math.floor(((shift + bytes.length) * 8) / 6);
  return text.slice(Math.ceil((shift * 8) / 6), whole);
}
