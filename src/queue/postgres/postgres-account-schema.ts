/** Milliseconds since the epoch, by the server's clock, at the moment of the question. */
export const nowInMs = '(extract(epoch FROM clock_timestamp()) * 1000)::double precision';

/** Goes by another name when it changes, so that processes of two versions get on with each other. */
export const reserveFunction = 'rollcall.reserve_slots_1';

/**
 * `calls` are the times of the last slots' calls, the last one being that of slot `last_number`; null: not used.
 *
 * The function locks the row before it reads the clock, so that a wait for the lock makes no slot old. Slots need not
 * survive a crash of the server (a gate notices when their numbers go back), so nobody waits for the disk. Should the
 * clock be set back, the line waits a second, or five minutes (the longest Retry-After that is honoured) where it was
 * postponed. It returns nothing for an account that has no row.
 */
export const createSchema = `
CREATE SCHEMA IF NOT EXISTS rollcall;
CREATE TABLE IF NOT EXISTS rollcall.account (
  account text PRIMARY KEY,
  last_at double precision NOT NULL DEFAULT 0,
  last_number bigint NOT NULL DEFAULT 0,
  not_before double precision NOT NULL,
  calls double precision[] NOT NULL DEFAULT '{}',
  version bigint NOT NULL DEFAULT 0,
  state text NOT NULL DEFAULT ''
) WITH (fillfactor = 50);
CREATE OR REPLACE FUNCTION ${reserveFunction}(
  which text, slots int, most int, span double precision, even double precision, fast double precision,
  ahead double precision, noted bigint[], noted_at double precision[]
) RETURNS TABLE (now double precision, next_number double precision, retry_in double precision, state text,
  times double precision[])
LANGUAGE plpgsql AS $function$
DECLARE
  held rollcall.account%ROWTYPE;
  latest double precision[];
  room double precision;
  behind double precision;
  next_at double precision;
  place bigint;
  given int := 0;
BEGIN
  SELECT * INTO held FROM rollcall.account AS kept WHERE kept.account = which FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  PERFORM set_config('synchronous_commit', 'off', true);
  now := ${nowInMs};
  times := '{}';
  FOR note IN 1 .. cardinality(noted) LOOP
    place := noted[note] - held.last_number + cardinality(held.calls);
    IF place BETWEEN 1 AND cardinality(held.calls) THEN held.calls[place] := noted_at[note]; END IF;
  END LOOP;
  held.last_at := least(held.last_at, now + 1000);
  held.not_before := least(held.not_before, now + 300000);
  latest := ARRAY(
    SELECT least(call, now + 1000) FROM unnest(held.calls) AS call WHERE call IS NOT NULL ORDER BY call DESC LIMIT most
  );
  LOOP
    room := coalesce(span + CASE WHEN most <= given THEN times[given - most + 1] ELSE latest[most - given] END, 0);
    behind := held.last_at + even - room;
    next_at := greatest(now, held.not_before, room,
      held.last_at + CASE WHEN behind > 0 AND behind <= span / 2 THEN fast ELSE even END);
    EXIT WHEN given >= slots OR next_at > now + ahead;
    held.last_at := next_at;
    times := times || next_at;
    given := given + 1;
  END LOOP;
  held.last_number := held.last_number + given;
  held.calls := held.calls || times;
  held.calls := held.calls[greatest(1, cardinality(held.calls) - greatest(100, 2 * most) + 1):];
  IF given > 0 OR cardinality(noted) > 0 THEN
    UPDATE rollcall.account AS kept
    SET last_at = held.last_at, last_number = held.last_number, calls = held.calls
    WHERE kept.account = which;
  END IF;
  next_number := held.last_number + 1;
  retry_in := greatest(0, next_at - now - ahead);
  state := held.state;
  RETURN NEXT;
END
$function$;
`;
