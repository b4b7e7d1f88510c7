import type { ComponentChild } from 'preact';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { formatCount, formatDuration, formatTime } from '../format.ts';
import { WholePath } from './path.tsx';

/** What the report says of a photo, for people. */
export function LineFacts({ line }: { line: ReportLine }) {
  return (
    <dl class="facts-list">
      {factsOf(line).map(([name, value]) => (
        <div class="fact" key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf(line: ReportLine): [string, ComponentChild][] {
  const { error, match, warnings, sizeInBytes, durationInMs, calls = line.attempts } = line;
  const all: [string, ComponentChild][] = [
    ['Status', line.reason === undefined ? line.status : `${line.status} (${line.reason})`],
    ['Code', error && (error.code ?? error.kind)],
    ['Message', error?.message],
    ['Already enrolled as', match && `${match.templateId} (${match.similarity})`],
    ['Photo', line.photo && <WholePath path={line.photo} />],
    ['Row of the list', line.row === undefined ? undefined : formatCount(line.row)],
    ['Template', line.templateId],
    ['Warnings', warnings?.join(', ')],
    ['Calls', calls === undefined ? undefined : formatCount(calls)],
    ['Size', sizeInBytes === undefined ? undefined : `${formatCount(Math.ceil(sizeInBytes / 1000))} kB`],
    ['Took', durationInMs === undefined ? undefined : formatDuration(durationInMs / 1000)],
    ['Finished', formatTime(line.finishedAt)],
  ];
  return all.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [[name, value]]));
}
