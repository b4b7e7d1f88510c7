import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { RunView } from '../../../src/serve/api/runs.ts';
import { ask, at, textOf } from '../api/client.ts';
import type { RunDetail } from '../api/types.ts';
import { countOf } from '../format.ts';
import { isOver } from '../run-outlook.ts';
import { Dialog } from './dialog.tsx';
import { Problem } from './problem.tsx';
import { runAddress } from './run-head.tsx';

interface Props {
  readonly run: RunDetail;
  readonly onChange: () => void;
}

/** What can be done with a run. */
export function RunControls({ run, onChange }: Props) {
  const { route } = useLocation();
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [isCancelling, setCancelling] = useState(false);
  const [isResumed, setResumed] = useState(false);

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      onChange();
    } catch (error) {
      setProblem(textOf(error));
    }
    setBusy(false);
  };
  const order = (name: 'pause' | 'resume' | 'cancel') =>
    act(async () => {
      await ask(at('runs', run.id, name), { method: 'POST', body: {} });
      setResumed(name === 'resume');
    });
  const retry = () =>
    act(async () => {
      const next = await ask<RunView>(at('runs', run.id, 'retry'), {
        method: 'POST',
        body: { which: 'failed' },
      });
      route(runAddress(next.id));
    });
  const failed = run.aggregates?.byStatus.failed ?? 0;

  return (
    <>
      {!isOver(run) && <RunRates run={run} isBusy={isBusy} act={act} />}
      <div class="buttons">
        {(run.state === 'active' || run.state === 'listing') && (
          <button type="button" disabled={isBusy} onClick={() => void order('pause')}>
            Pause
          </button>
        )}
        {run.state === 'paused' && (
          <button type="button" class="main" disabled={isBusy} onClick={() => void order('resume')}>
            {run.canary?.state === 'refused' ? 'Go on all the same' : 'Resume'}
          </button>
        )}
        {!isOver(run) && (
          <button type="button" disabled={isBusy} onClick={() => setCancelling(true)}>
            Cancel the run …
          </button>
        )}
        {isOver(run) && failed > 0 && (
          <button type="button" disabled={isBusy} onClick={() => void retry()}>
            Try {countOf(failed, 'failed photo')} again
          </button>
        )}
        {isOver(run) && run.deadLetters > 0 && (
          <a class="button" href={runAddress(run.id, 'review')}>
            Decide {countOf(run.deadLetters, 'dead letter')}
          </a>
        )}
      </div>
      {isResumed && run.state === 'paused' && (
        <p class="notice" role="status">
          It goes on with the next worker. Without one: start the command again that started it.
        </p>
      )}
      <Problem text={problem} />
      {isCancelling && (
        <Dialog title={`Cancel run ${run.id}?`} onClose={() => setCancelling(false)}>
          <p>
            {countOf((run.total ?? run.listed) - run.done, 'photo')} will not be sent and will be reported as
            cancelled. This cannot be undone; pausing can.
          </p>
          <form method="dialog" class="buttons">
            <button type="submit">Go on with the run</button>
            <button type="submit" class="main" onClick={() => void order('cancel')}>
              Cancel the run
            </button>
          </form>
        </Dialog>
      )}
    </>
  );
}

interface RatesProps {
  readonly run: RunDetail;
  readonly isBusy: boolean;
  readonly act: (work: () => Promise<unknown>) => Promise<void>;
}

function RunRates({ run, isBusy, act }: RatesProps) {
  const { changeable } = run;
  const [changed, setChanged] = useState<{ rate?: number; concurrency?: number }>({});
  const numbers = [
    { name: 'rate', label: 'Calls a second', step: 'any' },
    { name: 'concurrency', label: 'Calls at once, a process', step: '1' },
  ] as const;
  return (
    <form
      class="filters"
      onSubmit={(event) => {
        event.preventDefault();
        void act(() => ask(at('runs', run.id), { method: 'PATCH', body: changed })).then(() =>
          setChanged({}),
        );
      }}
    >
      {numbers.map(({ name, label, step }) => (
        <label class="field" key={name}>
          <span>{label}</span>
          <input
            type="number"
            min={step === '1' ? 1 : 0.01}
            step={step}
            required
            value={changed[name] ?? changeable[name]}
            onInput={({ currentTarget }) => setChanged({ ...changed, [name]: currentTarget.valueAsNumber })}
          />
        </label>
      ))}
      <button type="submit" disabled={isBusy || Object.keys(changed).length === 0}>
        Change
      </button>
    </form>
  );
}
