import { useEffect, useMemo, useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { withQuery } from '../api/client.ts';
import { type Column, LongList } from '../components/long-list.tsx';
import { Path } from '../components/path.tsx';
import { Problem } from '../components/problem.tsx';
import { RunHead, runAddress } from '../components/run-head.tsx';
import { countOf, formatCount, formatDuration } from '../format.ts';
import { type LineFilter, useLines } from '../photos/use-lines.ts';
import { shownStatuses } from '../statuses.ts';

const typedInMs = 300;

/** The photos of a run, however many: those that the filter lets through. */
export function PhotosPage() {
  const { params, query } = useRoute();
  const { id = '' } = params;
  const { route } = useLocation();
  const filter: LineFilter = { status: query.status ?? '', code: query.code ?? '', q: query.q ?? '' };
  useEffect(() => {
    document.title = `Photos of ${id} – rollcall`;
  }, [id]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <RunHead id={id} title="Photos" />
      <Filters
        filter={filter}
        onChange={(changed) => route(withQuery(runAddress(id, 'photos'), { ...changed }), true)}
      />
      <Photos runId={id} status={filter.status ?? ''} code={filter.code ?? ''} q={filter.q ?? ''} />
    </main>
  );
}

interface FiltersProps {
  readonly filter: LineFilter;
  readonly onChange: (filter: LineFilter) => void;
}

/** The address has them, so that a view can be handed to somebody. */
function Filters({ filter, onChange }: FiltersProps) {
  const [typed, setTyped] = useState(filter);
  useEffect(() => {
    if (typed.q === filter.q && typed.code === filter.code && typed.status === filter.status) return;
    const timer = setTimeout(() => onChange(typed), typedInMs);
    return () => clearTimeout(timer);
  }, [typed]);
  return (
    <search class="filters">
      <label class="field wide">
        <span>Subject, photo or text</span>
        <input
          type="search"
          value={typed.q}
          onInput={({ currentTarget }) => setTyped({ ...typed, q: currentTarget.value })}
        />
      </label>
      <label class="field">
        <span>Status</span>
        <select
          value={typed.status}
          onChange={({ currentTarget }) => setTyped({ ...typed, status: currentTarget.value })}
        >
          <option value="">all</option>
          {shownStatuses.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>Code</span>
        <input
          size={8}
          value={typed.code}
          onInput={({ currentTarget }) => setTyped({ ...typed, code: currentTarget.value })}
        />
      </label>
    </search>
  );
}

interface PhotosProps {
  readonly runId: string;
  readonly status: string;
  readonly code: string;
  readonly q: string;
}

function Photos({ runId, status, code, q }: PhotosProps) {
  const found = useLines(runId, { status, code, q });
  const { lines, looked, total, next, isLooking, problem, readOn, cancel } = found;
  const columns = useMemo(() => columnsFor(runId), [runId]);
  const isFiltered = status !== '' || code !== '' || q !== '';
  return (
    <>
      <div class="looking" role="status">
        <span>
          {isLooking || next !== null
            ? `${countOf(lines.length, 'photo')} found, looked through ${formatCount(looked)} of ${formatCount(total)}`
            : `${countOf(lines.length, 'photo')}${isFiltered ? ` of ${formatCount(total)}` : ''}`}
        </span>
        {isLooking && (
          <button type="button" onClick={cancel}>
            Cancel
          </button>
        )}
        {!isLooking && next !== null && next !== undefined && (
          <button type="button" onClick={readOn}>
            Look on
          </button>
        )}
      </div>
      <Problem text={problem} />
      {lines.length === 0 && !isLooking && next === null ? (
        <p class="card">{isFiltered ? 'No photo is like that.' : 'No photo is done.'}</p>
      ) : (
        <LongList label="Photos" columns={columns} rows={lines} keyOf={({ seq }) => seq} onEnd={readOn} />
      )}
    </>
  );
}

function columnsFor(runId: string): Column<ReportLine>[] {
  const cell = (text: string | undefined) => <span title={text}>{text ?? '–'}</span>;
  return [
    {
      name: 'seq',
      heading: 'No.',
      width: '84px',
      isNumber: true,
      show: ({ seq }) => <a href={runAddress(runId, 'photos', seq)}>{formatCount(seq)}</a>,
    },
    {
      name: 'subject',
      heading: 'Subject',
      width: 'minmax(90px, 1fr)',
      show: ({ subjectId }) => cell(subjectId),
    },
    {
      name: 'photo',
      heading: 'Photo',
      width: 'minmax(120px, 2fr)',
      isHiddenWhenNarrow: true,
      show: ({ photo }) => <Path path={photo} />,
    },
    {
      name: 'status',
      heading: 'Status',
      width: '104px',
      show: ({ status }) => (
        <span class={`status color-${status}`}>
          <span class="dot" aria-hidden="true" /> {status}
        </span>
      ),
    },
    {
      name: 'code',
      heading: 'Code',
      width: 'minmax(48px, 110px)',
      isHiddenWhenNarrow: true,
      show: ({ error, reason }) => cell(error?.code ?? error?.kind ?? reason),
    },
    {
      name: 'took',
      heading: 'Took',
      width: '80px',
      isNumber: true,
      isHiddenWhenNarrow: true,
      show: ({ durationInMs }) => (durationInMs === undefined ? '–' : formatDuration(durationInMs / 1000)),
    },
  ];
}
