import type { Rollcall } from '../../runs/open-rollcall.ts';
import { formatDuration } from '../../settings/durations.ts';

/** How long calls take at the pace of the settings. The built-in engine is as fast as this machine, and no faster. */
export function describeTime(rollcall: Pick<Rollcall, 'settings' | 'engine'>, durationInMs: number): string {
  const note = isBuiltIn(rollcall) ? '; the local engine may be slower' : '';
  return `${formatDuration(durationInMs)} at ${rollcall.settings.rate} calls a second${note}`;
}

function isBuiltIn(rollcall: Pick<Rollcall, 'engine'>): boolean {
  try {
    return rollcall.engine().url === 'built-in';
  } catch {
    // What ails it is said by whoever needs it.
    return false;
  }
}
