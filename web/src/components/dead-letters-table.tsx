import { useMemo, useState } from 'preact/hooks';
import type { PageDeadLetter } from '../../../src/records/page-data.ts';
import { defaultOrder, filterLetters, type LetterOrder, type SortKey, sortLetters } from '../dead-letters.ts';
import { countOf, formatCount } from '../format.ts';
import { type Column, LongList } from './long-list.tsx';
import { Path } from './path.tsx';

interface Props {
  readonly letters: readonly PageDeadLetter[];
  /** How many there are, given here or not. */
  readonly total: number;
  readonly thumbnails: Readonly<Record<string, string>>;
}

/** Photos that need attention, in a table that filters and sorts. */
export function DeadLettersTable({ letters, total, thumbnails }: Props) {
  const [text, setText] = useState('');
  const [code, setCode] = useState('');
  const [order, setOrder] = useState<LetterOrder>(defaultOrder);
  const codes = useMemo(() => [...new Set(letters.map((letter) => letter.code))].sort(), [letters]);
  const rows = useMemo(
    () => sortLetters(filterLetters(letters, { text, code }), order),
    [letters, text, code, order],
  );
  const hasPictures = Object.keys(thumbnails).length > 0;
  const columns = columnsFor({ order, setOrder, thumbnails: hasPictures ? thumbnails : undefined });
  return (
    <>
      <div class="filters">
        <label class="field wide">
          <span>Subject, photo or text</span>
          <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
        <label class="field">
          <span>Code</span>
          <select value={code} onChange={({ currentTarget }) => setCode(currentTarget.value)}>
            <option value="">all</option>
            {codes.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <span class="muted" aria-live="polite">
          {rows.length === letters.length
            ? countOf(rows.length, 'photo')
            : `${formatCount(rows.length)} of ${countOf(letters.length, 'photo')}`}
        </span>
      </div>
      <LongList
        label="Dead letters"
        columns={columns}
        rows={rows}
        keyOf={({ seq }) => seq}
        rowHeight={hasPictures ? 56 : 40}
      />
      {total > letters.length && (
        <p class="muted small">
          {countOf(letters.length, 'photo')} of {formatCount(total)} are in this file. All of them: rollcall
          dead-letters.
        </p>
      )}
    </>
  );
}

interface Choices {
  readonly order: LetterOrder;
  readonly setOrder: (order: LetterOrder) => void;
  readonly thumbnails: Props['thumbnails'] | undefined;
}

function columnsFor({ order, setOrder, thumbnails }: Choices): Column<PageDeadLetter>[] {
  const sortable = (name: string, key: SortKey) => {
    const isChosen = order.key === key;
    const isDown = isChosen && order.isDescending;
    return {
      name: key,
      order: isChosen ? ((isDown ? 'descending' : 'ascending') as 'descending' | 'ascending') : undefined,
      heading: (
        <button
          type="button"
          class="plain"
          onClick={() => setOrder({ key, isDescending: isChosen && !order.isDescending })}
        >
          {name}
          <span aria-hidden="true">{isChosen ? (isDown ? '▾' : '▴') : ''}</span>
        </button>
      ),
    };
  };
  const picture: Column<PageDeadLetter> = {
    name: 'picture',
    heading: <span class="visually-hidden">Picture</span>,
    width: '44px',
    show: ({ seq }) => <Thumbnail address={thumbnails?.[seq]} />,
  };
  return [
    ...(thumbnails ? [picture] : []),
    {
      ...sortable('No.', 'seq'),
      width: '76px',
      isNumber: true,
      isHiddenWhenNarrow: true,
      show: ({ seq }) => formatCount(seq),
    },
    {
      ...sortable('Subject', 'subjectId'),
      width: 'minmax(90px, 1fr)',
      show: ({ subjectId }) => <Text text={subjectId} />,
    },
    {
      ...sortable('Photo', 'photo'),
      width: 'minmax(120px, 2fr)',
      isHiddenWhenNarrow: true,
      show: ({ photo }) => <Path path={photo} />,
    },
    {
      ...sortable('Status', 'status'),
      width: '92px',
      isHiddenWhenNarrow: true,
      show: ({ status }) => status,
    },
    { ...sortable('Code', 'code'), width: 'minmax(50px, 0.6fr)', show: ({ code }) => <Text text={code} /> },
    {
      name: 'why',
      heading: 'Why',
      width: 'minmax(100px, 2fr)',
      show: ({ message, match }) => (
        <Text text={match ? `already enrolled as ${match.templateId}` : message} />
      ),
    },
  ];
}

/** What is cut off can be read by pointing at it. */
const Text = ({ text = '–' }: { text?: string | undefined }) => <span title={text}>{text}</span>;

function Thumbnail({ address }: { address: string | undefined }) {
  return address?.startsWith('data:image/') ? <img src={address} alt="" /> : <span class="no-picture" />;
}
