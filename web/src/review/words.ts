import type { Decision } from '../../../src/records/decisions/decision.ts';

/** Decisions, as the list and the summary name them. */
export const decisionWords = {
  retry: 'try again',
  'retry-file': 'another file',
  edit: 'turned or cropped',
  'enroll-anyway': 'enroll nevertheless',
  'leave-out': 'leave out',
  'hand-on': 'hand on',
  undecided: 'undecided',
} as const satisfies Record<Decision['action'], string>;
