import {
  environmentNameOf,
  flagOf,
  type Setting,
  settingKeys,
  settingsSchema,
} from '../../src/settings/schema.ts';

/** The README's table of settings, as Markdown. */
export function settingsTable(): string {
  const rows = settingKeys.map((key) => {
    const setting: Setting = settingsSchema[key];
    const flag = setting.placeholder ? `${flagOf(key)} ${setting.placeholder}` : flagOf(key);
    const cells = [code(flag), code(environmentNameOf(key)), code(key), shownDefault(setting)];
    return row([...cells, setting.description.replaceAll('|', '\\|')]);
  });
  const head = ['flag', 'environment', 'config key', 'default', 'what it does'];
  return [row(head), row(head.map(() => '---')), ...rows].join('\n');
}

function shownDefault(setting: Setting): string {
  if (setting.default === undefined || setting.default === '') return '';
  return setting.default === 'false' ? 'off' : code(setting.default);
}

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
