import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ProblemError } from '../problem.ts';
import { isOwnHost } from './own-hosts.ts';
import type { Sessions } from './sessions.ts';
import { isSame } from './token.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without a token. */
    open?: true;
    /** Whether it changes anything; default: every method but GET and HEAD does. */
    mutates?: boolean;
  }
}

export interface GuardOptions {
  /** `--host`. */
  readonly host: string;
  readonly token: string;
  readonly sessions: Sessions;
  readonly readOnly: boolean;
}

/** Asked before every route, also one that is added later and one that there is not. */
export function addGuard(app: FastifyInstance, { host, token, sessions, readOnly }: GuardOptions): void {
  app.addHook('onRequest', async (request) => {
    if (!isOwnHost(request.headers.host, host))
      throw new ProblemError(403, 'foreign-host', 'This server is not known by that Host.');
    if (!isFromHere(request))
      throw new ProblemError(403, 'foreign-origin', 'Pages of another origin are not answered.');
    const { open, mutates = !isReading(request) } = request.routeOptions.config;
    if (open && !request.is404) return;
    if (!isAuthorized(request))
      throw new ProblemError(401, 'no-token', 'Send Authorization: Bearer <token>, or begin a session.');
    if (readOnly && mutates)
      throw new ProblemError(403, 'read-only', 'This server was started with --read-only.');
  });

  function isAuthorized({ headers }: FastifyRequest): boolean {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    return bearer === undefined ? sessions.isKnown(headers.cookie) : isSame(bearer, token);
  }
}

const isReading = ({ method }: FastifyRequest) => method === 'GET' || method === 'HEAD';

/**
 * `Origin` names the page that asks; browsers leave it out of most that reads, but say in `Sec-Fetch-Site` where that
 * comes from. Other ports of this machine are the same site, for which a cookie would be sent along.
 */
function isFromHere({ headers, routeOptions }: FastifyRequest): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers;
  if (origin !== undefined && !(URL.canParse(origin) && new URL(origin).host === hostOf(host))) return false;
  // A link from elsewhere may lead to the page, which shows nothing by itself.
  if (routeOptions.config.open) return true;
  return site === undefined || site === 'same-origin' || site === 'none';
}

/** As a URL has it: without the usual port. */
const hostOf = (host = '') => (URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).host : undefined);
