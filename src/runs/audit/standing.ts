import { isStoredEvent, type LedgerEvent } from '../../ledger/ledger-event.ts';

/**
 * What an event says of its subject. `held`: the engine certainly stored it. `undone`: an undoing deleted it, and nothing is
 * there any more. `unclear`: the engine may hold it, or an event of its own says what holds again.
 */
export function standingOf(event: LedgerEvent): 'held' | 'undone' | 'unclear' {
  if (event.kind === 'undone') return event.replaced === 'some' ? 'unclear' : 'undone';
  return isStoredEvent(event) ? 'held' : 'unclear';
}
