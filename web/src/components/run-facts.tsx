import { formatTime } from '../format.ts';

interface Props {
  readonly run: {
    readonly source: string;
    readonly engine: string;
    readonly createdAt: string;
    readonly schedule?: string | undefined;
  };
}

/** What a run is about, below its name. */
export const RunFacts = ({ run }: Props) => (
  <p class="facts">
    <span>{run.source}</span>
    <span>into {run.engine}</span>
    <span>started {formatTime(run.createdAt)}</span>
    {run.schedule !== undefined && <span>schedule {run.schedule}</span>}
  </p>
);
