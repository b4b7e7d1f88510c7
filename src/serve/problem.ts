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
  412: 'A condition is not met',
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

export interface ProblemTools {
  readonly log: { error(fields: object, message: string): void };
  /** A place of this machine that no client is told. */
  readonly hidden: string;
  /** What may be asked of an address; none: there is nothing at it. */
  methodsOf(path: string): readonly string[];
}

const mostOfBody = (bodyLimit: number) => `A body may have ${bodyLimit} bytes at most here.`;

/** `bodyLimit`: of the route, in bytes. */
export const tooLarge = (bodyLimit: number) => new ProblemError(413, 'too-large', mostOfBody(bodyLimit));

/** Every error of every route, and every address that there is not, is answered as a problem. */
export function addProblems(app: FastifyInstance, { log, hidden, methodsOf }: ProblemTools): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const { detail = '', ...problem } = problemOf(error, request);
    const { retryAfterInMs } = error instanceof ProblemError ? error.more : {};
    if (retryAfterInMs !== undefined) reply.header('retry-after', Math.ceil(retryAfterInMs / 1_000));
    if (problem.status >= 500) log.error({ reason: error.message, code: problem.code }, 'a request failed');
    return answer(reply, { ...problem, detail: detail.replaceAll(hidden, '…') });
  });
  app.setNotFoundHandler((request: FastifyRequest, reply) => {
    const methods = methodsOf(request.url.split('?')[0] ?? '');
    if (methods.length === 0 || methods.includes(request.method))
      return answer(reply, problemWith(404, 'no-address', 'There is nothing at this address.'));
    reply.header('allow', methods.join(', '));
    return answer(reply, problemWith(405, 'no-method', `This address takes ${methods.join(', ')} alone.`));
  });
}

/** Of a request that comes to no route, such as one whose address cannot be read. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  answer(reply, problemOf(error, request));
}

function answer(reply: FastifyReply, problem: Problem) {
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  reply.header('cache-control', 'no-store');
  return reply.code(problem.status).type('application/problem+json').serializer(JSON.stringify).send(problem);
}

function problemOf(error: FastifyError, request: FastifyRequest): Problem {
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
  // What it was started with is nothing that a client can change, or should read.
  if (error instanceof UsageError && error.code === 'credential')
    return problemWith(503, error.code, 'The server lacks what it needs for its engine; its log says what.');
  if (error instanceof UsageError) return problemWith(422, error.code, error.message);
  if (error instanceof FaultError)
    return problemWith(503, error.code, isOfStores(error) ? storesAreAway : error.message);
  const status = error.statusCode ?? 500;
  if (status === 413) return problemWith(413, 'too-large', mostOfBody(request.routeOptions.bodyLimit));
  if (status === 415) return problemWith(415, 'bad-request', `Send ${kindsOf(request)}.`);
  if (status < 500) return problemWith(status, 'bad-request', error.message);
  // What a fault of the program says may name anything.
  return problemWith(500, 'internal', 'Something went wrong here; the log of the server says what.');
}

/** What queue and S3 say of themselves names hosts and folders. */
const isOfStores = ({ code }: FaultError) => /^(queue|embedded|s3)/.test(code);
const storesAreAway = 'State or queue cannot be used just now; the log of the server says why.';

const kindsOf = ({ routeOptions }: FastifyRequest): string =>
  (routeOptions.schema as { consumes?: readonly string[] } | undefined)?.consumes?.join(' or ') ??
  'application/json';

export const problemWith = (status: number, code: string, detail: string): Problem => ({
  type: 'about:blank',
  title: titles[status] ?? (status < 500 ? 'Not accepted' : 'A fault'),
  status,
  code,
  detail,
});
