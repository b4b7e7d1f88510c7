import { type Command, Option } from 'commander';
import { type GivenSettings, settingsSchema } from '../engines/settings.ts';
import type { CommandName } from '../settings/commands.ts';
import type { SettingTexts } from '../settings/load-settings.ts';
import { environmentNameOf, flagOf, type Setting, settingGroups } from '../settings/setting.ts';

const entries = Object.entries<Setting>(settingsSchema);

/**
 * Adds the flags of the settings that a command has, in their groups; their values are checked later, in one place, for
 * all three names.
 */
export function addSettings(command: Command, name: CommandName): Command {
  for (const group of settingGroups) {
    for (const [key, setting] of entries) {
      if (setting.group === group && setting.commands.includes(name))
        command.addOption(optionOf(key, setting));
    }
  }
  return command;
}

function optionOf(key: string, { placeholder, default: value, description, group, type }: Setting): Option {
  const flag = placeholder ? `${flagOf(key)} ${placeholder}` : flagOf(key);
  const shown = placeholder && value ? ` (default: ${value})` : '';
  const option = new Option(flag, `${description}${shown} [${environmentNameOf(key)}]`);
  option.helpGroup(`${group.charAt(0).toUpperCase()}${group.slice(1)}:`);
  // The same flag is another setting in another command.
  option.attributeName = () => key;
  return type.isList ? option.argParser(collect) : option;
}

/** Those of the given settings, wherever they were given, that a command has a flag for. */
export const givenTo = (name: CommandName, given: SettingTexts): SettingTexts =>
  Object.fromEntries(
    entries
      .filter(([, { commands }]) => commands.includes(name))
      .flatMap(([key]) => {
        const text = given[key];
        return text === undefined ? [] : [[key, text]];
      }),
  );

const collect = (value: string, before: string | undefined) =>
  before === undefined ? value : `${before},${value}`;

/** The settings among a command's options: text as it was written, whose values are checked with all others. */
export function givenSettings(options: Record<string, unknown>): GivenSettings {
  return Object.fromEntries(Object.entries(options).filter(([key]) => key in settingsSchema));
}
