import type { ListedInbox, ListedWebhook } from '../../runs/inbox/list-inboxes.ts';
import { plural } from '../../util/plural.ts';

/** One line for an inbox, however many runs it has had. */
export function describeInbox({ name, isOpen, runId, waiting, today, webhook }: ListedInbox): string {
  const state = isOpen ? (runId ?? 'opening') : 'closed';
  const told = webhook ? describeWebhook(webhook) : '';
  return `inbox ${name}  ${state}  ${waiting} waiting, ${today} taken in within 24 hours${told}`;
}

function describeWebhook({ waiting, givenUp, failing, stopped }: ListedWebhook): string {
  const why = stopped ? ' (410: it wants no more)' : failing === undefined ? '' : ` (${failing})`;
  const open = waiting > 0 || why !== '' ? `, ${plural(waiting, 'outcome')} not sent yet${why}` : '';
  return `${open}${givenUp > 0 ? `, ${givenUp} given up` : ''}`;
}
