import { describeUndone } from '../../../src/records/undo/describe-undone.ts';
import type { Undone } from '../../../src/records/undo/undone.ts';
import { formatTime } from '../format.ts';
import { SourceName } from './path.tsx';

interface Props {
  readonly run: {
    readonly source: string;
    readonly engine: string;
    readonly createdAt: string;
    readonly schedule?: string | undefined;
    readonly undone?: Undone | undefined;
  };
}

/** What a run is about, below its name. */
export const RunFacts = ({ run }: Props) => (
  <p class="facts">
    <span>
      <SourceName source={run.source} />
    </span>
    <span>into {run.engine}</span>
    <span>started {formatTime(run.createdAt)}</span>
    {run.schedule !== undefined && <span>schedule {run.schedule}</span>}
    {run.undone && (
      <strong>
        {describeUndone(run.undone)} ({formatTime(run.undone.at)})
      </strong>
    )}
  </p>
);
