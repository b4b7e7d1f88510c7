import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { decodeSafely } from '../../util/decode-safely.ts';
import { UsageError } from '../../util/errors.ts';
import { withoutPassword } from '../queue-address.ts';

/**
 * A Redis by its address:
 * - `redis://user:password@host:port/db`, one server;
 * - `redis+sentinel://user:password@host:port,host:port/<name of the master>/db`, whoever is the master; credentials
 *   of the sentinels themselves: `?sentinelUser=…&sentinelPassword=…`;
 * - `redis+cluster://user:password@host:port,host:port`, some nodes of a Cluster.
 * With `rediss` for `redis` all connections use TLS; `?ca=`, `&cert=` and `&key=` name PEM files.
 */
export interface RedisAddress {
  readonly kind: 'server' | 'sentinel' | 'cluster';
  readonly nodes: readonly RedisNode[];
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: ConnectionOptions;
  /** Behind sentinels: the name of the master, and how to log in to them. */
  readonly masterName?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

const pattern =
  /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^/?#]*)@)?([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/i;
const defaultPort = { server: 6379, sentinel: 26_379, cluster: 6379 } as const;

/** @throws UsageError for an address that is none, or a PEM file that cannot be read */
export function parseRedisAddress(text: string): RedisAddress {
  const match = pattern.exec(text.trim());
  if (!match) throw notUnderstood(text, 'it is not the address of a Redis server');
  const [, scheme = '', kindName, login = '', hosts = '', path = '', query] = match;
  const kind = (kindName?.toLowerCase() ?? 'server') as RedisAddress['kind'];
  const nodes = hosts.split(',').map((host) => parseNode(host, defaultPort[kind]));
  if (nodes.includes(undefined)) throw notUnderstood(text, 'a host is missing or a port is no number');
  if (kind === 'server' && nodes.length > 1)
    throw notUnderstood(text, 'several hosts need redis+sentinel:// or redis+cluster://');
  const parameters = new URLSearchParams(query);
  const parts = path.split('/').filter((part) => part !== '');
  const masterName = kind === 'sentinel' ? parts.shift() : undefined;
  if (kind === 'sentinel' && masterName === undefined)
    throw notUnderstood(text, 'the name of the master is missing: redis+sentinel://host:26379/mymaster');
  const [dbText = parameters.get('db') ?? '0', ...rest] = parts;
  const db = Number(dbText);
  if (rest.length > 0 || !Number.isInteger(db) || db < 0)
    throw notUnderstood(text, 'after the hosts, the number of a database is expected');
  if (kind === 'cluster' && db !== 0) throw notUnderstood(text, 'a Cluster has the database 0 only');
  return {
    kind,
    nodes: nodes.filter((node) => node !== undefined),
    db,
    ...parseLogin(login),
    ...(scheme.toLowerCase() === 'rediss' && { tls: readTls(parameters) }),
    ...(masterName !== undefined && { masterName: decodeURIComponent(masterName) }),
    ...given('sentinelUsername', parameters.get('sentinelUser')),
    ...given('sentinelPassword', parameters.get('sentinelPassword')),
  };
}

function parseNode(text: string, port: number): RedisNode | undefined {
  const match = /^(\[[\da-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/i.exec(text.trim());
  if (!match?.[1]) return undefined;
  return { host: match[1].replace(/^\[|\]$/g, ''), port: match[2] === undefined ? port : Number(match[2]) };
}

function parseLogin(text: string): Pick<RedisAddress, 'username' | 'password'> {
  const [user = '', password] = text.split(/:(.*)/s);
  return { ...given('username', decodeSafely(user)), ...given('password', decodeSafely(password ?? '')) };
}

function readTls(parameters: URLSearchParams): ConnectionOptions {
  const files = ['ca', 'cert', 'key'].map((name) => [name, parameters.get(name)] as const);
  return Object.fromEntries(files.flatMap(([name, file]) => (file ? [[name, readPem(name, file)]] : [])));
}

function readPem(name: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `The file ${file}, named by ${name}= in --queue (ROLLCALL_QUEUE), cannot be read: ${(cause as Error).message}`;
    throw new UsageError('queue-address', message, { cause });
  }
}

const given = <Key extends string>(key: Key, value: string | null) =>
  (value ? { [key]: value } : {}) as { readonly [name in Key]?: string };

function notUnderstood(text: string, why: string): UsageError {
  return new UsageError('queue-address', `--queue (ROLLCALL_QUEUE) is ${withoutPassword(text)}: ${why}.`);
}
