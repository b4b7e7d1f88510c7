import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { packageVersion } from '../../util/version.ts';
import { ProblemError } from '../problem.ts';
import type { GuardOptions } from '../security/guard.ts';
import { isSame } from '../security/token.ts';

const sessionSchema = z.object({ readOnly: z.boolean(), version: z.string() });

/** The page gives the token once, and has a cookie from then on that no script can read. */
export const sessionRoutes =
  ({ token, sessions, readOnly }: GuardOptions): FastifyPluginAsyncZod =>
  async (app) => {
    app.post(
      '/session',
      {
        config: { open: true, mutates: false },
        schema: {
          summary: 'Begin a session: the token for a cookie',
          body: z.strictObject({ token: z.string().max(1_000) }),
          response: { 204: z.null() },
        },
      },
      async ({ body }, reply) => {
        if (!isSame(body.token, token)) throw new ProblemError(401, 'wrong-token', 'That is not the token.');
        return reply.header('set-cookie', sessions.begin()).code(204).send(null);
      },
    );

    app.get(
      '/session',
      { schema: { summary: 'What may be done', response: { 200: sessionSchema } } },
      async () => ({ readOnly, version: packageVersion }),
    );

    app.delete(
      '/session',
      { config: { mutates: false }, schema: { summary: 'End the session', response: { 204: z.null() } } },
      async ({ headers }, reply) =>
        reply
          .header('set-cookie', await sessions.end(headers.cookie))
          .code(204)
          .send(null),
    );
  };
