const base = '/api/v1';

/** An answer that is no success: what its problem details (RFC 9457) say. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

interface Request {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Sent as JSON, but for a form. */
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** @throws ProblemError for whatever is no success; status 0: there was no answer */
export async function ask<Answer>(
  path: string,
  { method = 'GET', body, signal }: Request = {},
): Promise<Answer> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${base}${path}`, {
    method,
    credentials: 'same-origin',
    ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    ...(body !== undefined && !isForm && { headers: { 'Content-Type': 'application/json' } }),
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ProblemError(0, 'The server does not answer.');
  });
  if (!response.ok) throw new ProblemError(response.status, await detailOf(response));
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

async function detailOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => ({}))) as { title?: unknown; detail?: unknown };
  const text = problem.detail ?? problem.title;
  return typeof text === 'string' ? text : `The server answered with ${response.status}.`;
}

/** The address below the API's, its names encoded: `at('runs', id, 'lines')`. */
export const at = (...parts: readonly (string | number)[]) =>
  `/${parts.map((part) => encodeURIComponent(part)).join('/')}`;

/** Without what is empty. */
export function withQuery(
  path: string,
  query: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`;
}

/** For pictures and downloads. */
export const addressOf = (path: string) => `${base}${path}`;

export const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
