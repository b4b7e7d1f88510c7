import type { Undone } from './undone.ts';

// Without what reads it, since the page has it, too.

export const describeUndone = ({ reversed, kept, impossible, isUnderWay }: Undone): string =>
  `undone: ${reversed} reversed, ${kept} kept, ${impossible} impossible${isUnderWay ? ', and not at its end: start rollcall undo again' : ''}`;
