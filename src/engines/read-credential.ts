import { assertUnquoted } from '../settings/check-environment.ts';
import { UsageError } from '../util/errors.ts';
import type { Environment } from '../util/http/proxy-for.ts';
import { readSecretFile } from '../util/read-secret-file.ts';

/**
 * A secret from the variable `name`, or from the file that `name`_FILE names. An empty variable counts as not set.
 * @throws UsageError that names every way to set it, and never the value
 */
export function readCredential({
  name,
  what,
  environment,
}: {
  name: string;
  /** For the message: "OOTO's application id". */
  what: string;
  environment: Environment;
}): string {
  const direct = environment[name]?.trim();
  const path = environment[`${name}_FILE`];
  if (direct && path) throw wrong(`set ${name} or ${name}_FILE, not both`);
  if (direct) return sendable(direct, name);
  if (path) return sendable(readSecretFile(`${name}_FILE`, path), `the file in ${name}_FILE`);
  throw wrong(`${what} is missing: set ${name}, or ${name}_FILE to the path of a file that holds it`);
}

/** Whether a variable for the secret is set at all; the file is not read. */
export function hasCredential(name: string, environment: Environment): boolean {
  return Boolean(environment[name]?.trim() || environment[`${name}_FILE`]);
}

/** A header takes printable ASCII only; anything else was pasted along by mistake. */
function sendable(value: string, place: string): string {
  assertUnquoted(place, value);
  if (/^[\x21-\x7e]{1,4096}$/.test(value)) return value;
  throw wrong(
    value === ''
      ? `${place} is empty`
      : `${place} contains a space, a line break or a character that no header can carry`,
  );
}

const wrong = (message: string) => new UsageError('credential', message);
