import { FaultError, type RollcallError, UsageError } from '../../util/errors.ts';
import { withoutPassword } from '../queue-address.ts';
import type { Greeting } from './greet-server.ts';

/** What a user of Redis must be allowed to do; in a Cluster also `+cluster|slots +cluster|info`. */
export const rightsNeeded =
  '~{rollcall}:* -@all +@read +@write +@connection -@dangerous +eval +evalsha +info +time';

type Fault = readonly [code: string, text: string];

/** What Redis itself says, with its cause and what to do about it. */
const replies: readonly (readonly [pattern: RegExp, fault: Fault])[] = [
  [
    /\bDENIED\b/,
    [
      'queue-protected',
      'is in protected mode: without a password it is there for its own machine only. Set one (requirepass in its ' +
        'redis.conf) and put it in the address: redis://:PASSWORD@host:6379.',
    ],
  ],
  [
    /max number of clients/,
    [
      'queue-connections',
      'has no connection free for rollcall, which needs one for each process and one for each run that it works on: ' +
        'raise maxclients in its redis.conf (CONFIG SET maxclients), or end other clients.',
    ],
  ],
  [
    /\bLOADING\b/,
    ['queue-loading', 'is still loading its data: wait until it has, and start the same command again.'],
  ],
  [
    /\bREADONLY\b/,
    [
      'queue-read-only',
      'is a read-only replica: name its master, or let sentinels do so (redis+sentinel://host:26379/<name of the master>).',
    ],
  ],
  [
    /\bOOM\b/,
    [
      'queue-memory',
      'has no memory left: raise maxmemory in its redis.conf (CONFIG SET maxmemory), or use another server.',
    ],
  ],
  [
    /\bMISCONF\b/,
    [
      'queue-disk',
      'takes no writes, since it cannot save its data (MISCONF): its log says why; mostly its disk is full.',
    ],
  ],
  [
    /\bNOREPLICAS\b/,
    [
      'queue-replicas',
      'takes no writes, since too few replicas follow it (min-replicas-to-write in its redis.conf).',
    ],
  ],
];

/** What stands behind the port where it is not what the address says. */
const strangers: Readonly<Record<'tls' | 'no-tls' | 'silent' | 'closed', string>> = {
  tls: 'speaks TLS: use rediss:// for redis://.',
  'no-tls': 'does not speak TLS: use redis:// for rediss://.',
  silent:
    'accepts connections and never answers: it hangs, or something else is behind this port. Is the address right?',
  closed:
    'closes each connection without a word: something other than Redis is behind this port, or a firewall.',
};

/** Whether Redis has become a replica, or was one from the start. */
export const isReadOnlyReply = (error: unknown) => error instanceof Error && /^READONLY/.test(error.message);

const subjectOf = (url: string) => `The Redis server ${withoutPassword(url)} (--queue, ROLLCALL_QUEUE)`;

/** The fault that a reply of Redis tells of; undefined for one that it does not explain. */
export function faultOfReply(url: string, error: unknown): FaultError | undefined {
  const message = error instanceof Error ? error.message : String(error);
  const fault = replies.find(([pattern]) => pattern.test(message))?.[1];
  return fault && new FaultError(fault[0], `${subjectOf(url)} ${fault[1]}`, { cause: error });
}

/** The fault that who answers at the port is not Redis, or says why it does not go on; undefined where it is all right. */
export function faultOfGreeting(url: string, greeting: Greeting): RollcallError | undefined {
  switch (greeting.kind) {
    case 'redis':
      return faultOfReply(url, greeting.line);
    case 'error':
      return undefined;
    case 'other':
      return new FaultError(
        'queue-not-redis',
        `${subjectOf(url)} is not Redis: it speaks ${greeting.what}. Correct the address or its port.`,
      );
    default:
      return new FaultError('queue-not-redis', `${subjectOf(url)} ${strangers[greeting.kind]}`);
  }
}

export function rightsMissing(url: string, commands: readonly string[]): UsageError {
  const user = /\/\/([^/?#:@]+)[^/?#]*@/.exec(url)?.[1] ?? 'default';
  return new UsageError(
    'queue-rights',
    `The user ${user} may not use ${commands.join(', ')} on the Redis server ${withoutPassword(url)} (--queue, ` +
      `ROLLCALL_QUEUE). All that rollcall needs: ACL SETUSER ${user} ${rightsNeeded}`,
  );
}

export const fault = (url: string, code: string, text: string) =>
  new FaultError(code, `${subjectOf(url)} ${text}`);
export const misuse = (url: string, code: string, text: string) =>
  new UsageError(code, `${subjectOf(url)} ${text}`);
