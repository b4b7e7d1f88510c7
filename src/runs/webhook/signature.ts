import { createHash, createHmac } from 'node:crypto';
import { hasCredential, readCredential } from '../../engines/read-credential.ts';
import { UsageError } from '../../util/errors.ts';
import type { Environment } from '../../util/http/proxy-for.ts';

const variable = 'ROLLCALL_WEBHOOK_SECRET';
const prefix = 'whsec_';
/** As https://www.standardwebhooks.com advises. */
const [fewestBytes, mostBytes] = [24, 64];

/**
 * The key that notifications are signed with; undefined: they are not signed.
 * @throws UsageError for a secret that is none; it is not repeated
 */
export function webhookKeyOf(environment: Environment): Buffer | undefined {
  if (!hasCredential(variable, environment)) return undefined;
  const text = readCredential({ name: variable, what: 'the secret of webhooks', environment });
  const encoded = text.startsWith(prefix) ? text.slice(prefix.length) : text;
  const key = Buffer.from(encoded, 'base64');
  const isBase64 = key.toString('base64').replace(/=+$/, '') === encoded.replace(/=+$/, '');
  if (isBase64 && key.length >= fewestBytes && key.length <= mostBytes) return key;
  throw new UsageError(
    'webhook-secret',
    `${variable} must be ${prefix} and ${fewestBytes} to ${mostBytes} bytes in base64. To make one: echo "${prefix}$(openssl rand -base64 32)"`,
  );
}

/** `webhook-id` of a message: the same for every try of it. `id` may be any text; what is signed has its parts between dots. */
export const messageIdOf = (id: string) =>
  `msg_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;

/** The headers of the Standard Webhooks. `id`: the same for every try of one message; it may be any text. */
export function signatureHeaders(
  key: Buffer,
  { id, at, body }: { id: string; at: Date; body: string },
): Record<string, string> {
  const messageId = messageIdOf(id);
  const seconds = String(Math.floor(at.getTime() / 1000));
  const signature = createHmac('sha256', key).update(`${messageId}.${seconds}.${body}`).digest('base64');
  return {
    'webhook-id': messageId,
    'webhook-timestamp': seconds,
    'webhook-signature': `v1,${signature}`,
  };
}
