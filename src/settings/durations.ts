/** Milliseconds in one unit of a duration such as `500ms`, `30s`, `5m`, `1h` or `2d`. */
const unitInMs = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A timer that is set to more than this fires at once. */
export const longestInMs = 24 * unitInMs.d;

export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) return undefined;
  const [, amount, unit] = match;
  return Number(amount) * unitInMs[unit as keyof typeof unitInMs];
}

/** As it would be written in a setting: `90s`, `1500ms`. */
export function writeDuration(ms: number): string {
  const units = Object.entries(unitInMs).reverse();
  const [unit, inMs] = units.find(([, inMs]) => ms % inMs === 0) ?? ['ms', 1];
  return `${ms / inMs}${unit}`;
}

/** For people: `45s`, `2m05s`, `1h30m`. */
export function formatDuration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
