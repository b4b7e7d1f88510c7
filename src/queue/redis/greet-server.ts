import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import type { RedisNode } from './redis-address.ts';

/**
 * What stands behind a port, by its first words after a `PING`: Redis (`line`: what it said), something else, or nobody
 * that can be talked to (`error`: of the connection).
 */
export type Greeting =
  | { readonly kind: 'redis'; readonly line: string }
  | { readonly kind: 'tls' | 'no-tls' | 'silent' | 'closed' }
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'error'; readonly error: Error };

const limitInMs = 1_000;

/** Asks a port that is not Redis as it was expected who it is. `tls`: as the address says. */
export async function greetServer(node: RedisNode, tls: ConnectionOptions | undefined): Promise<Greeting> {
  if (tls) {
    const greeting = await greet(() => connectTls({ ...tls, ...node }), 'secureConnect');
    if (greeting.kind === 'redis') return greeting;
    const plain = await greet(() => connectTcp(node), 'connect');
    return plain.kind === 'redis' ? { kind: 'no-tls' } : greeting;
  }
  const greeting = await greet(() => connectTcp(node), 'connect');
  if (greeting.kind !== 'closed' && greeting.kind !== 'silent') return greeting;
  const secure = await greet(
    () => connectTls({ ...node, rejectUnauthorized: false }),
    'secureConnect',
    'tls' as const,
  );
  return secure.kind === 'tls' ? secure : greeting;
}

function greet(open: () => Socket, readyEvent: string, onReady?: 'tls'): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = open();
    const end = (greeting: Greeting) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(greeting);
    };
    const timer = setTimeout(() => end({ kind: 'silent' }), limitInMs);
    socket.on('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNRESET' ? { kind: 'closed' } : { kind: 'error', error }),
    );
    socket.once(readyEvent, () => {
      if (onReady) end({ kind: onReady });
      else socket.write('PING\r\n');
    });
    socket.once('data', (bytes: Buffer) => end(whoSays(bytes)));
    socket.once('close', () => end({ kind: 'closed' }));
  });
}

const protocols: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/^(HTTP\/|\s*<(!doctype|html|\?xml))/i, 'HTTP'],
  [/^SSH-/, 'SSH'],
  [/^220[ -].*(ftp|FTP)/, 'FTP'],
  [/^220[ -]/, 'SMTP'],
  [/^(\* OK|\+OK) /, 'a mail protocol'],
  [/^.{4}\n?[5-9]\.\d+.*(mysql|MariaDB|caching_sha2)/s, 'MySQL'],
  [/^(ERROR\r\n|CLIENT_ERROR|VERSION )/, 'the protocol of memcached'],
];

const tlsAlert = 0x15;

function whoSays(bytes: Buffer): Greeting {
  if (bytes[0] === tlsAlert) return { kind: 'tls' };
  const text = bytes.subarray(0, 300).toString('latin1');
  const what = protocols.find(([pattern]) => pattern.test(text))?.[1];
  if (what) return { kind: 'other', what };
  const [line = ''] = text.split('\r\n');
  return /^[+-][A-Z]+\b/.test(line) ? { kind: 'redis', line } : { kind: 'other', what: 'another protocol' };
}
