import { UsageError } from '../util/errors.ts';
import { createHttpClient, type HttpClient } from '../util/http/http-client.ts';
import { isLoopbackHost } from '../util/http/loopback-host.ts';
import { proxyFor, secretsOfProxy } from '../util/http/proxy-for.ts';
import type { EngineOptions } from './engine-entry.ts';

/** An engine's address, and the client that calls it. */
export interface OpenAddress {
  readonly url: string;
  readonly http: HttpClient;
  /** For `ReplyOptions`: what to check when nothing answers there as the engine does. */
  readonly urlFix: string;
  /** Of the proxy on the way, whose answers an adapter reads as well: to be cleaned away like the account's own. */
  readonly secrets: readonly string[];
}

/** @throws UsageError for an address that cannot be an engine's */
export function openAddress(address: string, options: EngineOptions): OpenAddress {
  const url = readEngineUrl({ value: address, allowHttp: options.allowHttp ?? false });
  const { concurrency, timeoutInMs, environment } = options;
  const http = createHttpClient({ baseUrl: url, concurrency, timeoutInMs, environment });
  const secrets = secretsOfProxy(proxyFor(new URL(url), environment));
  return { url, http, secrets, urlFix: `check --engine-url (ROLLCALL_ENGINE_URL), which is ${url}` };
}

/**
 * An engine's base address in a normal form, since it is part of what distinguishes accounts: no trailing slash. Plain http only to
 * this machine, unless allowed: the key would travel in clear text.
 * @throws UsageError; what the user wrote is not repeated, it may hold a password
 */
function readEngineUrl({ value, allowHttp }: { value: string; allowHttp: boolean }): string {
  if (!URL.canParse(value))
    throw wrong('is not an address; expected one like https://engine.example/api/v1.0');
  const url = new URL(value);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw wrong('must begin with https://');
  if (url.username !== '' || url.password !== '') {
    throw wrong('must not contain a user or a password; credentials come from the environment');
  }
  if (url.search !== '' || url.hash !== '') throw wrong('must not contain a query (?) or a fragment (#)');
  if (url.protocol === 'http:' && !allowHttp && !isLoopbackHost(url.hostname)) {
    throw wrong(
      'is plain http: the key would travel in clear text; use https://, or allow it with --allow-http',
    );
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}

function wrong(reason: string): UsageError {
  return new UsageError('engine-url', `--engine-url (ROLLCALL_ENGINE_URL) ${reason}`);
}
