/** What a key does at the review desk. */
export const deskKeys = {
  j: { command: 'next', does: 'next photo' },
  k: { command: 'previous', does: 'photo before' },
  r: { command: 'retry', does: 'try the same photo again' },
  f: { command: 'file', does: 'send another file' },
  e: { command: 'edit', does: 'turn or crop it' },
  n: { command: 'enroll-anyway', does: 'enroll it nevertheless' },
  l: { command: 'leave-out', does: 'leave it out, with a reason' },
  h: { command: 'hand-on', does: 'hand it on: somebody takes a new photo' },
  u: { command: 'undo', does: 'undo' },
  a: { command: 'apply', does: 'apply all decisions' },
  '?': { command: 'help', does: 'these keys' },
} as const;

export type DeskCommand = (typeof deskKeys)[keyof typeof deskKeys]['command'];

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  /** The name of the element that has the focus. */
  readonly focus: string;
}

const writtenInto = ['INPUT', 'TEXTAREA', 'SELECT'];
const others: Readonly<Record<string, DeskCommand>> = { ArrowDown: 'next', ArrowUp: 'previous' };

/** Undefined for keys of the browser, of a field that is written into, and for all others. */
export function commandOf({ key, ctrlKey, metaKey, altKey, focus }: Pressed): DeskCommand | undefined {
  if (ctrlKey || metaKey || altKey || writtenInto.includes(focus)) return undefined;
  if (Object.hasOwn(others, key)) return others[key];
  return Object.hasOwn(deskKeys, key) ? deskKeys[key as keyof typeof deskKeys].command : undefined;
}
