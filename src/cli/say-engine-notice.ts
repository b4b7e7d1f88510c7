import type { Rollcall } from '../runs/open-rollcall.ts';
import { say } from './terminal/output.ts';

/** What has to be known of an engine before anything goes into it, or is asked of it. */
export function sayEngineNotice({ engine }: Pick<Rollcall, 'engine'>): void {
  const { notice } = engine();
  if (notice !== undefined) say(notice);
}
