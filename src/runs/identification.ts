import type { Match } from '../engines/engine.ts';
import type { Outcome } from '../records/report-line.ts';

export const identificationSchemaName = 'rollcall.identification/1';

/** One line of `rollcall identify`: who a photo shows. The fields stand in this order; what does not apply is absent. */
export interface Identification {
  readonly schema: typeof identificationSchemaName;
  /** Place in the source, from 1. */
  readonly seq: number;
  readonly row?: number;
  readonly subjectId?: string;
  /** Without signature or password. */
  readonly photo?: string;
  /** Whether the best match reaches the threshold. */
  readonly matched: boolean;
  /** The most similar template, also below the threshold; absent: the engine names none, or could not look. */
  readonly best?: Match;
  /** Whether that is the template which the photo's own subject has here. */
  readonly own?: boolean;
  readonly transactionId?: string;
  /** Calls of the identify endpoint; absent: none was made. */
  readonly calls?: number;
  /** Why nobody could be looked for. */
  readonly error?: NonNullable<Outcome['error']>;
  readonly warnings?: readonly string[];
}
