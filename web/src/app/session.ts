import { signal } from '@preact/signals';
import { ask, ProblemError, textOf } from '../api/client.ts';
import type { Session } from '../api/types.ts';

/** Undefined until the server was asked; null: it wants a token. */
export const session = signal<Session | null | undefined>(undefined);
/** Why there is none. */
export const sessionProblem = signal<string | undefined>(undefined);

/** The token of `#token=…`, which the address loses at once: it shall not stay in a history, a picture or a bookmark. */
export function takeToken(): string | undefined {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token !== null) history.replaceState(null, '', location.pathname + location.search);
  return token ?? undefined;
}

export async function openSession(token?: string): Promise<void> {
  sessionProblem.value = undefined;
  try {
    if (token !== undefined) await ask('/session', { method: 'POST', body: { token } });
    session.value = await ask<Session>('/session');
  } catch (error) {
    const isRefused = error instanceof ProblemError && error.status === 401;
    session.value = null;
    if (!isRefused || token !== undefined)
      sessionProblem.value = isRefused ? 'The server does not take this token.' : textOf(error);
  }
}

export async function closeSession(): Promise<void> {
  await ask('/session', { method: 'DELETE' }).catch(() => {});
  session.value = null;
}
