import { UsageError } from '../util/errors.ts';
import { resembling } from './did-you-mean.ts';
import { environmentNameOf, environmentPrefix, fileVariableOf, type Schema } from './setting.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables of the prefix that are no settings: of a single command, of a script, of the tests. */
const others = [
  'ROLLCALL_ON_FAILURE',
  'ROLLCALL_WEBHOOK',
  'ROLLCALL_WEBHOOK_SECRET',
  'ROLLCALL_WEBHOOK_SECRET_FILE',
  'ROLLCALL_COMMAND',
];
const testPrefix = 'ROLLCALL_TEST_';

/**
 * What Kubernetes sets in every container for a service that is named `rollcall` or `rollcall-…`: `ROLLCALL_SERVICE_HOST`,
 * `ROLLCALL_PORT_8787_TCP`, and `ROLLCALL_PORT` with the value `tcp://10.0.0.1:8787`.
 */
const ofKubernetes = /_(SERVICE_(HOST|PORT(_\w+)?)|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const addressOfService = /^(tcp|udp|sctp):\/\//;

/**
 * The variable of a setting, without the blanks and line ends that a file of variables leaves around it; undefined: it is
 * not set, or set to nothing, as compose files and CI leave it unset.
 * @throws UsageError for one that came with quotes around it
 */
export function variableOf(key: string, environment: Environment): string | undefined {
  const name = environmentNameOf(key);
  const { [name]: given = '' } = environment;
  const value = given.trim() || given;
  if (value === '' || addressOfService.test(value)) return undefined;
  assertUnquoted(name, value);
  return value;
}

/** Of the value nothing is said: it may be a secret. @throws UsageError */
export function assertUnquoted(name: string, value: string): void {
  if (!/^(["']).*\1$/su.test(value)) return;
  throw new UsageError(
    'bad-setting',
    `${name} has quotes around its value, and they are part of it: leave them out, as no shell takes them away in a file for docker run --env-file.`,
  );
}

/**
 * Looks for misspelled variables. One that resembles no setting may be anybody's and must not break a job: it is
 * returned, to be said; what Kubernetes sets is passed over.
 * @throws UsageError for a variable that resembles a setting's
 */
export function strangeVariables(schema: Schema, environment: Environment): string[] {
  const keys = Object.keys(schema);
  const ofFiles = keys.filter((key) => schema[key]?.isSecret).map(fileVariableOf);
  const known = [...keys.map(environmentNameOf), ...ofFiles, ...others];
  const strange = Object.entries(environment).filter(
    ([name, value = '']) =>
      name.startsWith(environmentPrefix) &&
      !known.includes(name) &&
      !name.startsWith(testPrefix) &&
      !(value === '' || ofKubernetes.test(name) || addressOfService.test(value)),
  );
  return strange.map(([name]) => assertNotMeant(name, known));
}

function assertNotMeant(name: string, known: readonly string[]): string {
  // The prefix that all have in common is no resemblance.
  const bare = (variable: string) => variable.slice(environmentPrefix.length);
  const meant = resembling(bare(name), known.map(bare));
  if (meant === undefined) return name;
  throw new UsageError(
    'unknown-setting',
    `The environment variable ${name} is no setting; did you mean ${environmentPrefix}${meant}?`,
  );
}
