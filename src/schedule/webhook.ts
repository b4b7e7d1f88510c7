import { UsageError } from '../util/errors.ts';
import { createHttpClient } from '../util/http/http-client.ts';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import type { Environment } from '../util/http/proxy-for.ts';
import { signatureHeaders, webhookKeyOf } from './webhook-signature.ts';

/**
 * Checks an address of `--on-failure`. Plain http only to this machine, unless allowed: what it says of a run, and the
 * secret that may be in the address, would travel in clear text.
 * @throws UsageError; what the user wrote is not repeated, it may hold a secret
 */
export function checkWebhook({ value, allowHttp }: { value: string; allowHttp: boolean }): string {
  if (!URL.canParse(value))
    throw wrong('is not an address; expected one like https://alerts.example/hooks/…');
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('must begin with https://');
  if (url.username !== '' || url.password !== '') throw wrong('must not contain a user or a password');
  if (url.protocol === 'http:' && !allowHttp && !isLoopbackHost(url.hostname))
    throw wrong('is plain http; use https://, or allow it with --allow-http');
  return url.href;
}

/** As it may be shown: the path of a webhook is a secret in most places. */
export const shownWebhook = (url: string) => `${new URL(url).origin}/…`;

function wrong(reason: string): UsageError {
  return new UsageError('on-failure', `--on-failure ${reason}`);
}

const timeoutInMs = 10_000;

/**
 * One try, signed where there is a key. `id`: of the message, the same for every try.
 * @returns why it was not taken, without the address's secret; undefined if it was taken (2xx)
 */
export async function postToWebhook({
  url,
  id,
  body,
  environment,
  signal,
}: {
  url: string;
  id: string;
  body: Readonly<Record<string, unknown>>;
  environment: Environment;
  signal: AbortSignal;
}): Promise<string | undefined> {
  const { origin, host, pathname, search } = new URL(url);
  const key = webhookKeyOf(environment);
  const text = JSON.stringify(body);
  const client = createHttpClient({ baseUrl: origin, concurrency: 1, timeoutInMs, environment });
  try {
    const reply = await client.post({
      path: pathname + search,
      headers: {
        'content-type': 'application/json',
        ...(key && signatureHeaders(key, { id, at: new Date(), body: text })),
      },
      body: Buffer.from(text),
      signal,
    });
    if (reply.kind === 'failed') return reply.message;
    return reply.status >= 200 && reply.status < 300 ? undefined : `${host} answered ${reply.status}`;
  } finally {
    await client.close();
  }
}
