import { UsageError } from '../util/errors.ts';
import { withoutPassword } from './server-address.ts';

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
