import { UsageError } from '../../util/errors.ts';
import { createHttpClient } from '../../util/http/http-client.ts';
import { isLoopbackHost } from '../../util/http/loopback-host.ts';
import type { Environment } from '../../util/http/proxy-for.ts';
import { signatureHeaders, webhookKeyOf } from './signature.ts';

/**
 * Checks the address of a webhook. Plain http only to this machine, unless allowed: what it says of people, and the secret
 * that may be in the address, would travel in clear text. `flag`: by which it was given.
 * @throws UsageError; what the user wrote is not repeated, it may hold a secret
 */
export function checkWebhook({
  flag,
  value,
  allowHttp,
}: {
  flag: '--on-failure' | '--webhook';
  value: string;
  allowHttp: boolean;
}): string {
  const wrong = (reason: string) => new UsageError(flag.slice(2), `${flag} ${reason}`);
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

/** For a whole try. */
const timeoutInMs = 15_000;

/** What a try came to; `reason` is without the address's secret. Absent `reason`: it was taken (2xx). */
export interface WebhookReply {
  readonly status?: number;
  readonly reason?: string;
}

/** The receiver of messages, which are signed where there is a key. */
export interface WebhookClient {
  /** One try. `id`: of the message, the same for every try. @throws the signal's reason when aborted */
  post(message: { id: string; body: unknown; signal: AbortSignal }): Promise<WebhookReply>;
  close(): Promise<void>;
}

/** @throws UsageError for a secret that is none */
export function openWebhook({
  url,
  environment,
  concurrency = 1,
}: {
  url: string;
  environment: Environment;
  concurrency?: number;
}): WebhookClient {
  const { origin, host, pathname, search } = new URL(url);
  const key = webhookKeyOf(environment);
  const client = createHttpClient({ baseUrl: origin, concurrency, timeoutInMs, environment });
  return {
    async post({ id, body, signal }) {
      const text = JSON.stringify(body);
      const reply = await client.post({
        path: pathname + search,
        headers: {
          'content-type': 'application/json',
          ...(key && signatureHeaders(key, { id, at: new Date(), body: text })),
        },
        body: Buffer.from(text),
        signal,
      });
      if (reply.kind === 'failed') return { reason: reply.message };
      const { status } = reply;
      if (status >= 200 && status < 300) return { status };
      return { status, reason: `${host} answered ${status}${isRedirect(status) ? ', a redirect' : ''}` };
    },
    close: () => client.close(),
  };
}

const isRedirect = (status: number) => status >= 300 && status < 400;
