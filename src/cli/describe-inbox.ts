import type { ListedInbox } from '../runs/inbox/list-inboxes.ts';

/** One line for an inbox, however many runs it has had. */
export function describeInbox({ name, isOpen, runId, waiting, today }: ListedInbox): string {
  const state = isOpen ? (runId ?? 'opening') : 'closed';
  return `inbox ${name}  ${state}  ${waiting} waiting, ${today} taken in within 24 hours`;
}
