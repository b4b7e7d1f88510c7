import { describeEvent } from '../../../src/records/describe-event.ts';
import type { RunEventLine } from '../../../src/records/run-events.ts';
import { isTrouble } from '../events.ts';
import { formatTime } from '../format.ts';

/** What happened to a run, the newest last as in a diary, or first where it is watched. */
export function EventsList({
  events,
  newestFirst = false,
}: {
  events: readonly RunEventLine[];
  newestFirst?: boolean;
}) {
  if (events.length === 0) return <p class="muted">Nothing was written down.</p>;
  const shown = newestFirst ? events.toReversed() : events;
  return (
    // Scrolls, so it can be reached by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <ol class="events" tabIndex={0} aria-label="Events">
      {shown.map((event, index) => (
        <li key={`${event.at} ${index}`}>
          <time class="muted" dateTime={event.at}>
            {formatTime(event.at)}
          </time>
          <span class="what">
            <span
              class={`dot ${isTrouble(event) ? 'color-rejected' : 'color-enrolled'}`}
              aria-hidden="true"
            />
            <span class="sentence">{describeEvent(event)}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
