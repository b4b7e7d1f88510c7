import { z } from 'zod';
import type { ValueType } from './value-types.ts';

/** How many photos of a sample may end in one way, at most. */
const ruleSchema = z.object({
  /** A status (`judgedStatuses`), the engine's code, or the kind of an error. */
  name: z.string(),
  most: z.union([z.object({ share: z.number() }), z.object({ count: z.number() })]),
  /** `<`: so many are too many. */
  isBelow: z.literal(true).optional(),
});
export type AcceptanceRule = z.infer<typeof ruleSchema>;

/** Those of a photo whose person is not enrolled. */
const judgedStatuses = ['rejected', 'duplicate', 'failed'] as const;
const kinds = ['unavailable', 'photo', 'manifest', 'collision', 'preflight', 'implausible', 'crashed'];

/**
 * Rules with commas between them, all of which must be met: `rejected<=5%,failed<=1%,FAIL_FACE_TOO_SMALL<2`. A word that is
 * neither a status nor a code is refused: what never comes is never too much.
 */
export const acceptance: ValueType<AcceptanceRule[], string> = {
  read: z.string().transform((text, context): AcceptanceRule[] => {
    const rules: AcceptanceRule[] = [];
    for (const part of text.split(',').map((each) => each.trim())) {
      const rule = parseRule(part);
      if (typeof rule !== 'string') rules.push(rule);
      else {
        context.addIssue(rule);
        return z.NEVER;
      }
    }
    return rules;
  }),
  stored: z.array(ruleSchema),
  write: (rules) => rules.map(writeRule).join(','),
  isList: true,
};

/** `rejected<=5%`. */
export function writeRule({ name, most, isBelow }: AcceptanceRule): string {
  const amount = 'count' in most ? String(most.count) : `${Number((most.share * 100).toPrecision(12))}%`;
  return `${name}${isBelow ? '<' : '<='}${amount}`;
}

const pattern = /^([\w.-]+)\s*(<=?)\s*(\d+(?:\.\d+)?)\s*(%?)$/u;
const example = 'such as rejected<=5%,failed<=1%';

/** @returns what is expected where it is none */
function parseRule(text: string): AcceptanceRule | string {
  const [, name = '', sign, digits, percent] = pattern.exec(text) ?? [];
  if (name === '')
    return `expected rules with commas between them, ${example}: a status or a code, <= or <, a share or a count`;
  if (!isKnownName(name))
    return `expected ${judgedStatuses.join(', ')}, the engine's code, or the kind of an error in place of ${name}, ${example}`;
  const amount = Number(digits);
  const isRight = percent === '%' ? amount <= 100 : Number.isSafeInteger(amount);
  const isBelow = sign === '<';
  if (!isRight || (isBelow && amount === 0))
    return `expected a share from 0% to 100% or a whole count in ${text}, ${example}`;
  return {
    name,
    most: percent === '%' ? { share: amount / 100 } : { count: amount },
    ...(isBelow && { isBelow }),
  };
}

/** OOTO's codes are numbers, those of Verihubs capitals; rollcall's own say which check was not passed. */
const isKnownName = (name: string) =>
  (judgedStatuses as readonly string[]).includes(name) ||
  kinds.includes(name) ||
  /^(?:\d+|[A-Z][A-Z0-9_]*|check-(?:liveness|deepfake))$/u.test(name);
