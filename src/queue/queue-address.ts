import { UsageError } from '../util/errors.ts';

/**
 * Which store `--queue` names.
 * @throws UsageError for one that there is not
 */
export function queueKindOf(queue: string): 'embedded' | 'redis' | 'postgres' {
  if (queue === 'embedded') return 'embedded';
  const scheme = /^([a-z][a-z\d+]*):\/\//i.exec(queue)?.[1] ?? '';
  if (/^rediss?(\+(sentinel|cluster))?$/i.test(scheme)) return 'redis';
  if (/^postgres(ql)?$/i.test(scheme)) return 'postgres';
  throw new UsageError(
    'queue-unknown',
    `--queue (ROLLCALL_QUEUE) is ${withoutPassword(queue)}; it must be embedded, or begin with redis://, ` +
      'rediss://, redis+sentinel://, redis+cluster:// or postgres://.',
  );
}

/**
 * A server's URL as it may be shown: without its passwords. With several hosts (`h1:1,h2:2`) it is none that `URL`
 * understands.
 */
export function withoutPassword(url: string): string {
  const match = /^([a-z][a-z\d+.-]*:\/\/)([^/?#]*@)?([^?#]*)(\?[^#]*)?/i.exec(url);
  if (!match) return '(not a URL)';
  const [, scheme = '', login = '', place = '', query = ''] = match;
  // A password with a slash or the like in it ended the login too early, or there is no telling where it ends.
  if (url.slice(scheme.length + login.length).includes('@')) return `${scheme}***`;
  return scheme + login.replace(/:.*@$/s, ':***@') + place + query.replace(/(password=)[^&]*/gi, '$1***');
}
