import type { RunEventLine } from '../../src/records/run-events.ts';

const troubles: readonly RunEventLine['kind'][] = [
  'paused',
  'throttled',
  'engine-down',
  'interrupted',
  'fault',
];
export const isTrouble = ({ kind }: RunEventLine) => troubles.includes(kind);

/** A time in which a run could not work, in seconds since 1970. */
export interface Trouble {
  readonly from: number;
  readonly to: number;
  readonly kind: 'paused' | 'engine-down';
}

const ends: Record<Trouble['kind'], readonly RunEventLine['kind'][]> = {
  paused: ['resumed', 'took-over', 'started', 'ended'],
  'engine-down': ['engine-up', 'paused', 'ended'],
};

/** When a run waited, for charts to shade. What has no end yet lasts until `now`. */
export function troublesOf(events: readonly RunEventLine[], now: number): Trouble[] {
  return events.flatMap((event, index) => {
    const { kind } = event;
    if (kind !== 'paused' && kind !== 'engine-down') return [];
    const end = events.slice(index + 1).find((later) => ends[kind].includes(later.kind));
    return [{ from: Date.parse(event.at) / 1000, to: end ? Date.parse(end.at) / 1000 : now, kind }];
  });
}
