/** A sentence of somebody else as a part of one of ours: without the signs at its end. */
export const withoutFullStop = (sentence: string): string => sentence.replace(/[\s.;]+$/, '');
