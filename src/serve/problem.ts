import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { FaultError, UsageError } from '../util/errors.ts';

/** RFC 9457. `code` is stable and may be relied on by programs. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number(),
    code: z.string(),
    detail: z.string().optional(),
    /** Of a request that is not as it has to be: where, and what was expected. */
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem' });
type Problem = z.infer<typeof problemSchema>;

const titles: Readonly<Record<number, string>> = {
  400: 'The request is not understood',
  401: 'A token is needed',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Not this method',
  409: 'It does not go with what is there',
  413: 'Too large',
  415: 'Not this kind of content',
  422: 'It cannot be done',
  429: 'Too many for now',
  503: 'Not now',
};

interface ProblemDetails extends Pick<Problem, 'issues'> {
  /** After which the client may try again. */
  readonly retryAfterInMs?: number | undefined;
}

/** Thrown by a route: what the client is answered. `detail` is for people, and names no secret and no path of this machine. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly code: string;
  readonly more: ProblemDetails;

  constructor(status: number, code: string, detail: string, more: ProblemDetails = {}) {
    super(detail);
    this.status = status;
    this.code = code;
    this.more = more;
  }
}

/** Every error of every route, and every address that there is not, is answered as a problem. */
export function addProblems(
  app: FastifyInstance,
  log: { error(fields: object, message: string): void },
): void {
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    const problem = problemOf(error);
    const { retryAfterInMs } = error instanceof ProblemError ? error.more : {};
    if (retryAfterInMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterInMs / 1_000));
    if (problem.status >= 500) log.error({ reason: error.message, code: problem.code }, 'a request failed');
    return answer(reply, problem);
  });
  app.setNotFoundHandler((_request: FastifyRequest, reply) =>
    answer(reply, problemWith(404, 'no-address', 'There is nothing at this address.')),
  );
}

function answer(reply: FastifyReply, problem: Problem) {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.header('cache-control', 'no-store');
  return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

function problemOf(error: FastifyError): Problem {
  if (error instanceof ProblemError) {
    const { issues } = error.more;
    return { ...problemWith(error.status, error.code, error.message), ...(issues && { issues }) };
  }
  if (hasZodFastifySchemaValidationErrors(error)) {
    const issues = error.validation.map(({ instancePath, message = '' }) => ({
      path: instancePath,
      message,
    }));
    return { ...problemWith(400, 'bad-request', 'See the issues.'), issues };
  }
  if (error instanceof UsageError) return problemWith(422, error.code, error.message);
  if (error instanceof FaultError) return problemWith(503, error.code, error.message);
  const status = error.statusCode ?? 500;
  if (status < 500) return problemWith(status, 'bad-request', error.message);
  // What a fault of the program says may name anything.
  return problemWith(500, 'internal', 'Something went wrong here; the log of the server says what.');
}

const problemWith = (status: number, code: string, detail: string): Problem => ({
  type: 'about:blank',
  title: titles[status] ?? (status < 500 ? 'Not accepted' : 'A fault'),
  status,
  code,
  detail,
});
