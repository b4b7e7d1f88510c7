import type { CheckName } from '../../engines/engine.ts';
import { meaningOfCode } from '../../engines/registry.ts';
import type { Outcome } from '../../records/report/report-line.ts';

const ownCodes: readonly string[] = ['liveness', 'deepfake'].map(
  (check) => `check-${check satisfies string as CheckName}`,
);

/**
 * The error of an outcome as a label: the code where the engine's page has it, else `other`; without a code the kind of
 * the error; none: empty. What an engine says is its own text: of that, there could be any number.
 */
export function codeLabel({ error }: Pick<Outcome, 'error'>, engine: string): string {
  if (!error) return '';
  const { code, kind } = error;
  if (code === undefined) return kind;
  return ownCodes.includes(code) || meaningOfCode({ engine, code }) !== undefined ? code : 'other';
}
