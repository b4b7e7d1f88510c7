import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { RunView } from '../../../src/serve/api/runs.ts';
import { ask, textOf } from '../api/client.ts';
import { Dialog } from './dialog.tsx';
import { Problem } from './problem.tsx';
import { runAddress } from './run-head.tsx';

/** Starts a run of what the server may list. */
export function NewRun() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="main" onClick={() => setOpen(true)}>
        Start a run …
      </button>
      {isOpen && (
        <Dialog title="Start a run" onClose={() => setOpen(false)}>
          <NewRunForm onClose={() => setOpen(false)} />
        </Dialog>
      )}
    </>
  );
}

function NewRunForm({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const [source, setSource] = useState('');
  const [rate, setRate] = useState('');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const start = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      const settings = rate === '' ? {} : { rate: Number(rate) };
      const run = await ask<RunView>('/runs', { method: 'POST', body: { source: source.trim(), settings } });
      route(runAddress(run.id));
    } catch (error) {
      setProblem(textOf(error));
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <p class="muted small">
        Below a folder of <span class="mono">--allow-root</span> or in a bucket of{' '}
        <span class="mono">--allow-bucket</span>. Workers do it; one of the same source that is not over goes
        on.
      </p>
      <label class="field">
        <span>Folder, list or s3:// address</span>
        <input required value={source} onInput={({ currentTarget }) => setSource(currentTarget.value)} />
      </label>
      <label class="field">
        <span>Calls a second (empty: the server's)</span>
        <input
          type="number"
          min={0.01}
          step="any"
          value={rate}
          onInput={({ currentTarget }) => setRate(currentTarget.value)}
        />
      </label>
      <Problem text={problem} />
      <div class="buttons">
        <button type="submit" class="main" disabled={isBusy}>
          Start
        </button>
        <button type="button" onClick={onClose}>
          Close
        </button>
      </div>
    </form>
  );
}
