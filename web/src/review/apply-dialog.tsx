import { useState } from 'preact/hooks';
import type { RunView } from '../../../src/serve/api/runs.ts';
import { addressOf, ask, at, textOf } from '../api/client.ts';
import { Dialog } from '../components/dialog.tsx';
import { Problem } from '../components/problem.tsx';
import { runAddress } from '../components/run-head.tsx';
import { countOf, formatCount } from '../format.ts';
import { countDecisions, type Desk, isSaved } from './desk.ts';
import { decisionWords } from './words.ts';

interface Props {
  readonly runId: string;
  readonly desk: Desk;
  readonly total: number;
  readonly onClose: () => void;
}

const sent = ['retry', 'retry-file', 'edit', 'enroll-anyway'] as const;

/** What will happen, before it does. */
export function ApplyDialog({ runId, desk, total, onClose }: Props) {
  const [applied, setApplied] = useState<{ run: RunView | null }>();
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const counts = countDecisions(desk);
  const decided = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const toSend = sent.reduce((sum, action) => sum + (counts.get(action) ?? 0), 0);
  const apply = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      setApplied(await ask(at('runs', runId, 'decisions', 'apply'), { method: 'POST', body: {} }));
    } catch (error) {
      setProblem(textOf(error));
    }
    setBusy(false);
  };
  if (applied)
    return (
      <Dialog title="Applied" onClose={onClose}>
        {applied.run ? (
          <p>
            Run <a href={runAddress(applied.run.id)}>{applied.run.id}</a> sends {countOf(toSend, 'photo')}.
            The same decisions applied again are the same run.
          </p>
        ) : (
          <p>The decisions are written down; none of them sends a photo, so there is no new run.</p>
        )}
        <CloseButton onClose={onClose} />
      </Dialog>
    );
  return (
    <Dialog title="Apply the decisions" onClose={onClose}>
      {decided === 0 ? (
        <p>Nothing is decided yet.</p>
      ) : (
        <table>
          <tbody>
            {[...counts].map(([action, count]) => (
              <tr key={action}>
                <th scope="row">{decisionWords[action]}</th>
                <td class="number">{formatCount(count)}</td>
              </tr>
            ))}
            <tr>
              <th scope="row">undecided</th>
              <td class="number">{formatCount(Math.max(0, total - decided))}</td>
            </tr>
          </tbody>
        </table>
      )}
      {decided > 0 && (
        <p>
          {toSend > 0
            ? `One new run sends ${countOf(toSend, 'photo')} to the engine; its calls are charged as any others.`
            : 'No photo is sent.'}
        </p>
      )}
      {(counts.get('hand-on') ?? 0) > 0 && (
        <p>
          <a href={addressOf(at('runs', runId, 'decisions.csv'))} download>
            The list of those that were handed on (CSV)
          </a>
        </p>
      )}
      {!isSaved(desk) && <p class="notice warning">Decisions are still being saved.</p>}
      <Problem text={problem} />
      <div class="buttons">
        {decided > 0 && (
          <button
            type="button"
            class="main"
            // biome-ignore lint/a11y/noAutofocus: Enter applies what was just read
            autoFocus
            disabled={isBusy || !isSaved(desk)}
            onClick={() => void apply()}
          >
            {isBusy ? 'Applying …' : 'Apply'}
          </button>
        )}
        <CloseButton onClose={onClose} />
      </div>
    </Dialog>
  );
}

const CloseButton = ({ onClose }: { onClose: () => void }) => (
  <button type="button" onClick={onClose}>
    Back to the list
  </button>
);
