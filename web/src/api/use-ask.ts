import { useCallback, useEffect, useState } from 'preact/hooks';
import { session } from '../app/session.ts';
import { ask, ProblemError, textOf } from './client.ts';

interface Asked<Answer> {
  readonly answer: Answer | undefined;
  readonly problem: string | undefined;
  /** Whether it is not there, so that there is nothing to wait for. */
  readonly isMissing: boolean;
  readonly setAnswer: (change: (answer: Answer | undefined) => Answer | undefined) => void;
  readonly again: () => void;
}

/** What the server answers to a GET, asked again when the path changes. */
export function useAsk<Answer>(path: string): Asked<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [problem, setProblem] = useState<string>();
  const [isMissing, setMissing] = useState(false);
  const [times, setTimes] = useState(0);
  const again = useCallback(() => setTimes((count) => count + 1), []);
  useEffect(() => {
    const abort = new AbortController();
    ask<Answer>(path, { signal: abort.signal }).then(
      (given) => {
        setAnswer(() => given);
        setProblem(undefined);
        setMissing(false);
      },
      (error: unknown) => {
        if (abort.signal.aborted) return;
        if (error instanceof ProblemError && error.status === 401) session.value = null;
        setProblem(textOf(error));
        setMissing(error instanceof ProblemError && error.status === 404);
      },
    );
    return () => abort.abort();
  }, [path, times]);
  useEffect(() => setAnswer(undefined), [path]);
  return { answer, problem, isMissing, setAnswer, again };
}
