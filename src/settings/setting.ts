import type { z } from 'zod';
import type { CommandName } from './commands.ts';
import type { ValueType } from './value-types.ts';

/** The groups of `--help` and of the README, in their order. */
export const settingGroups = [
  'source',
  'engine',
  'pace',
  'failures',
  'checks',
  'photos',
  'queue and state',
  'output',
] as const;
export type SettingGroup = (typeof settingGroups)[number];

/** What becomes of a setting that is given again when a run is resumed. */
export const settingScopes = {
  /** The run's own holds; another value is refused, with both named. */
  fixed: 'fixed for a run',
  /** The run takes the new value over, and that is said. */
  changeable: 'may change in a run',
  /** It is no matter of a run: it takes effect in the process that is given it. */
  process: 'of the process',
} as const;
export type SettingScope = keyof typeof settingScopes;

/**
 * Everything that there is to know of a setting, said once: flags, environment names, `settings` of run.json, what is
 * compared on resume, the README's table and the typings follow from it. Its three names follow from its key:
 * `maxAttempts`, `--max-attempts`, `ROLLCALL_MAX_ATTEMPTS`.
 */
export interface Setting {
  readonly type: ValueType;
  readonly scope: SettingScope;
  readonly group: SettingGroup;
  /** The commands that have its flag; environment and config file count for all. */
  readonly commands: readonly CommandName[];
  /** As it would be written on the command line; absent: the setting has no value unless it is given. */
  readonly default?: string;
  /** What a run has that was started before there was the setting; default: the default. */
  readonly formerly?: string;
  /** What stands behind the flag in `--help`; a setting without it is a switch. */
  readonly placeholder?: string;
  readonly description: string;
  /**
   * Of a setting of a run: `settings` of run.json has it always (absent here); only where it was given, since processes
   * have a default of their own; or not at all, since the run keeps it elsewhere.
   */
  readonly kept?: 'if-given' | 'elsewhere';
  /** Of an adapter's own setting: what is said where another engine is asked for it. */
  readonly elsewhere?: string;
  /** Its value may hold a password: its variable with `_FILE` behind it names a file that has the value. */
  readonly isSecret?: true;
}

export type Schema = Readonly<Record<string, Setting>>;

/** Settings of one group. */
export const inGroup = <Group extends SettingGroup, const Entries extends Ungrouped>(
  group: Group,
  entries: Entries,
) =>
  Object.fromEntries(Object.entries(entries).map(([key, entry]) => [key, { ...entry, group }])) as {
    readonly [Key in keyof Entries]: Entries[Key] & { readonly group: Group };
  };

type Ungrouped = Readonly<Record<string, Omit<Setting, 'group'>>>;

type ValueOf<Entry> = Entry extends { readonly type: { readonly read: z.ZodType<infer Value> } }
  ? Value
  : never;
type GivenOf<Entry> = Entry extends { readonly type: { readonly given?: infer Given } } ? Given : never;

/** Every setting with its value; those without a default are absent unless given. */
export type SettingsOf<Entries> = {
  readonly [Key in keyof Entries]: Entries[Key] extends { readonly default: string }
    ? ValueOf<Entries[Key]>
    : ValueOf<Entries[Key]> | undefined;
};

/** What a script may give: numbers, switches and lists as such, the rest as it is written on the command line. */
export type GivenSettingsOf<Entries> = {
  readonly [Key in keyof Entries]?: GivenOf<Entries[Key]> | undefined;
};

type KeptKey<Entries> = {
  [Key in keyof Entries]: Entries[Key] extends { readonly scope: 'process' } | { readonly kept: 'elsewhere' }
    ? never
    : Key;
}[keyof Entries];

type AlwaysKeptKey<Entries> = {
  [Key in KeptKey<Entries>]: Entries[Key] extends { readonly kept: 'if-given' }
    ? never
    : Entries[Key] extends { readonly default: string }
      ? Key
      : never;
}[KeptKey<Entries>];

/** `settings` of run.json. */
export type RunSettingsOf<Entries> = {
  readonly [Key in AlwaysKeptKey<Entries>]: ValueOf<Entries[Key]>;
} & {
  readonly [Key in Exclude<KeptKey<Entries>, AlwaysKeptKey<Entries>>]?: ValueOf<Entries[Key]> | undefined;
};

/** Whether `settings` of run.json has it. */
export const isKept = ({ scope, kept }: Setting) => scope !== 'process' && kept !== 'elsewhere';

/** Flags that another command has for a setting of its own. */
const sharedFlags: Readonly<Record<string, string>> = { servePort: '--port', serveHost: '--host' };

export const flagOf = (key: string) =>
  sharedFlags[key] ?? `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

export const environmentPrefix = 'ROLLCALL_';

export const environmentNameOf = (key: string) =>
  `${environmentPrefix}${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

export const configFileName = 'rollcall.config.json';

/** The variable that names a file with the value of a setting that `isSecret`. */
export const fileVariableOf = (key: string) => `${environmentNameOf(key)}_FILE`;

/** The three names of a setting, for messages. */
export const namesOf = (key: string) =>
  `${flagOf(key)} (${environmentNameOf(key)}, "${key}" in ${configFileName})`;
