import { settingsSchema } from '../../src/engines/settings.ts';
import {
  environmentNameOf,
  flagOf,
  type Setting,
  settingGroups,
  settingScopes,
} from '../../src/settings/setting.ts';

const entries = Object.entries<Setting>(settingsSchema);

/** The README's tables of settings, one a group, as Markdown. */
export const settingsTable = (): string => settingGroups.map(tableOf).join('\n\n');

function tableOf(group: Setting['group']): string {
  const rows = entries
    .filter(([, setting]) => setting.group === group)
    .map(([key, setting]) => {
      const flag = setting.placeholder ? `${flagOf(key)} ${setting.placeholder}` : flagOf(key);
      const cells = [code(flag), code(environmentNameOf(key)), code(key), shownDefault(setting)];
      return row([...cells, setting.description.replaceAll('|', '\\|'), settingScopes[setting.scope]]);
    });
  const head = ['flag', 'environment', 'config key', 'default', 'what it does', 'in a run'];
  const title = `**${group.charAt(0).toUpperCase()}${group.slice(1)}**`;
  return [title, '', row(head), row(head.map(() => '---')), ...rows].join('\n');
}

function shownDefault(setting: Setting): string {
  if (setting.default === undefined || setting.default === '') return '';
  return setting.default === 'false' ? 'off' : code(setting.default);
}

const code = (text: string) => `\`${text.replaceAll('|', '\\|')}\``;

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
