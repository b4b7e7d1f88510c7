import type { AccountView } from '../../../src/serve/api/accounts.ts';
import { formatCount, formatRate, formatTime } from '../format.ts';

const words = {
  up: 'The engine answers.',
  throttled: 'The engine throttles calls: they are made slower until it takes them again.',
  down: 'The engine does not answer. It is asked from time to time; the run goes on by itself.',
  paused: 'The account is paused: no calls are made.',
  unknown: 'The queue does not say how the engine is.',
} as const satisfies Record<AccountView['health'], string>;

const kinds = { up: 'good', throttled: 'warning', down: 'fault', paused: 'warning', unknown: '' } as const;

/** How the engine is, in words. */
export function EngineHealth({ health }: { health: AccountView }) {
  const { engine, engineUrl, reason, until, rateNow, rateLimit } = health;
  return (
    <>
      <div class={`notice ${kinds[health.health]}`} role="status">
        <strong>{words[health.health]}</strong>
        {reason !== null && <p>{reason}</p>}
        {until !== null && <p class="muted">Until {formatTime(until)}</p>}
      </div>
      <dl class="facts-list">
        <dt>Engine</dt>
        <dd>
          {engine} <span class="muted">{engineUrl}</span>
        </dd>
        <dt>Pace of the account</dt>
        <dd>
          {rateNow === null ? '–' : formatRate(rateNow)}
          {rateLimit !== null && ` of ${formatCount(rateLimit)} a second at most`}
        </dd>
      </dl>
    </>
  );
}
