import { z } from 'zod';
import type { StateStore } from '../../storage/state/state-store.ts';
import { parseAs } from '../../util/json-text.ts';
import type { EndedSessions } from './sessions.ts';

/** Ids alone, which open nothing. */
const file = 'serve-sessions-ended.json';
const endedSchema = z.record(z.string(), z.number());

/** Sessions that were ended stay ended when the server is started again. */
export async function readEndedSessions(state: StateStore): Promise<EndedSessions> {
  const known = parseAs(endedSchema, (await state.read(file))?.toString() ?? '') ?? {};
  return {
    known: new Map(Object.entries(known)),
    keep: (ended) => state.write(file, `${JSON.stringify(Object.fromEntries(ended))}\n`),
  };
}
