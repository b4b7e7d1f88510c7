import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import type { Decision } from '../../../src/records/decisions/decision.ts';
import { ask, at, textOf, withQuery } from '../api/client.ts';
import { type Choice, deskAfter, emptyDesk } from './desk.ts';

const readEveryInMs = 5_000;
const retryAfterInMs = 3_000;

interface Decisions {
  readonly decisions: readonly Decision[];
}

/** The decisions of a run: sends what is chosen here, and sees what others decide. */
export function useDesk(runId: string, reviewer: string) {
  const [desk, tell] = useReducer(deskAfter, emptyDesk);
  const path = at('runs', runId, 'decisions');
  const isSending = useRef(false);

  useEffect(() => {
    const abort = new AbortController();
    const read = () => {
      if (document.hidden || isSending.current) return;
      ask<Decisions>(path, { signal: abort.signal }).then(
        ({ decisions }) => tell({ kind: 'loaded', decisions }),
        (error: unknown) => {
          if (!abort.signal.aborted) tell({ kind: 'failed', problem: textOf(error) });
        },
      );
    };
    read();
    const timer = setInterval(read, readEveryInMs);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [path]);

  const { waiting, sending, problem } = desk;
  useEffect(() => {
    if (waiting.length === 0 || sending.length > 0) return;
    const timer = setTimeout(
      () => {
        isSending.current = true;
        tell({ kind: 'sent', choices: waiting });
        ask<Decisions>(withQuery(path, { answer: 'sent' }), {
          method: 'POST',
          body: { reviewer, decisions: waiting },
        })
          .then(
            ({ decisions }) => tell({ kind: 'saved', decisions }),
            (error: unknown) => tell({ kind: 'failed', problem: textOf(error) }),
          )
          .finally(() => {
            isSending.current = false;
          });
      },
      problem === undefined ? 0 : retryAfterInMs,
    );
    return () => clearTimeout(timer);
  }, [path, reviewer, waiting, sending, problem]);

  useEffect(() => {
    if (waiting.length === 0 && sending.length === 0) return;
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, [waiting.length, sending.length]);

  const choose = useCallback((...choices: Choice[]) => tell({ kind: 'chosen', choices }), []);
  const undo = useCallback(() => tell({ kind: 'undone' }), []);
  return { desk, choose, undo };
}
