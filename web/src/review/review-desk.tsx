import { useEffect, useRef, useState } from 'preact/hooks';
import { Problem } from '../components/problem.tsx';
import { countOf, formatCount } from '../format.ts';
import type { useLines } from '../photos/use-lines.ts';
import { ApplyDialog } from './apply-dialog.tsx';
import { type Choice, countDecisions, isSaved } from './desk.ts';
import { EditDialog } from './edit-dialog.tsx';
import { FileDialog } from './file-dialog.tsx';
import { HelpDialog } from './help-dialog.tsx';
import { commandOf, type DeskCommand, deskKeys } from './keys.ts';
import { LeaveOutDialog } from './leave-out-dialog.tsx';
import { LetterList } from './letter-list.tsx';
import { LetterView } from './letter-view.tsx';
import { setReviewer } from './reviewer.ts';
import { useDesk } from './use-desk.ts';

interface Props {
  readonly runId: string;
  readonly found: ReturnType<typeof useLines>;
  /** Dead letters of the run, those that were not read yet among them. */
  readonly total: number;
  readonly canDecide: boolean;
  readonly reviewer: string;
}

type Open = 'file' | 'edit' | 'leave-out' | 'help' | 'apply';
const opening: readonly DeskCommand[] = ['file', 'edit', 'leave-out', 'help', 'apply'];
const isOpening = (command: DeskCommand): command is Open => opening.includes(command);
const needsLetter: readonly DeskCommand[] = ['file', 'edit', 'leave-out'];
const readsOnly: readonly DeskCommand[] = ['next', 'previous', 'help'];

/** Whoever decides by keys does not wait for what comes next. */
const readAhead = 400;

export function ReviewDesk({ runId, found, total, canDecide, reviewer }: Props) {
  const { desk, choose, undo } = useDesk(runId, reviewer);
  const { at, now, goTo } = usePlace();
  const [open, setOpen] = useState<Open>();
  const { lines, next, isLooking, readOn } = found;
  const line = lines[at];

  // One after the last is the end of the list: nothing is decided there.
  const move = (by: 1 | -1) => goTo(Math.max(0, Math.min(lines.length, now() + by)));
  const decide = (choice: Omit<Choice, 'seq'>) => {
    const chosen = lines[now()];
    if (!chosen) return;
    choose({ seq: chosen.seq, ...choice });
    setOpen(undefined);
    move(1);
  };
  const carryOut = (command: DeskCommand) => {
    if (!canDecide && !readsOnly.includes(command)) return;
    if (isOpening(command))
      return lines[now()] || !needsLetter.includes(command) ? setOpen(command) : undefined;
    if (command === 'next') return move(1);
    if (command === 'previous') return move(-1);
    if (command === 'undo') {
      const last = desk.undo.at(-1);
      undo();
      const place = lines.findIndex(({ seq }) => seq === last?.seq);
      if (place >= 0) goTo(place);
      return;
    }
    decide({ action: command });
  };

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (open !== undefined) return;
      const focus = document.activeElement?.tagName ?? '';
      const command = commandOf({ ...pick(event), focus });
      if (command === undefined) return;
      event.preventDefault();
      carryOut(command);
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  });
  useEffect(() => {
    if (at >= lines.length - readAhead) readOn();
  }, [at, lines.length, readOn]);

  if (lines.length === 0)
    return (
      <p class="card">
        {isLooking || next !== null
          ? 'Looking for dead letters …'
          : 'There are no dead letters: nobody needs attention.'}
      </p>
    );
  const close = () => setOpen(undefined);
  const decided = [...countDecisions(desk).values()].reduce((sum, count) => sum + count, 0);
  return (
    <>
      <div class="desk-bar">
        <span role="status">
          <strong>{formatCount(decided)}</strong> of {countOf(total, 'dead letter')} decided{' '}
          <span class="muted">{isSaved(desk) ? (decided > 0 ? '· saved' : '') : '· saving …'}</span>
        </span>
        <span class="muted">
          {reviewer !== '' && (
            <>
              as {reviewer}{' '}
              <button type="button" class="plain link" onClick={() => setReviewer('')}>
                change
              </button>
            </>
          )}
        </span>
        <span class="buttons">
          <button type="button" onClick={() => setOpen('help')}>
            <kbd>?</kbd> Keys
          </button>
          {canDecide && (
            <button type="button" class="main" onClick={() => setOpen('apply')}>
              Apply …
            </button>
          )}
        </span>
      </div>
      <Problem text={desk.problem && `Not saved, trying again: ${desk.problem}`} />
      <div class="desk">
        <LetterList lines={lines} at={at} decided={desk.decided} onChoose={goTo} />
        <div class="desk-letter">
          {line ? (
            <LetterView runId={runId} line={line} decided={desk.decided.get(line.seq)} />
          ) : (
            <p class="card">
              {next === null
                ? 'That was the last one. Apply the decisions, or go back with k.'
                : 'Looking for more …'}
            </p>
          )}
          {canDecide && <ActionBar carryOut={carryOut} canUndo={desk.undo.length > 0} />}
        </div>
      </div>
      {open === 'help' && <HelpDialog onClose={close} />}
      {open === 'apply' && <ApplyDialog runId={runId} desk={desk} total={total} onClose={close} />}
      {open === 'leave-out' && (
        <LeaveOutDialog onChoose={(reason) => decide({ action: 'leave-out', reason })} onClose={close} />
      )}
      {open === 'file' && (
        <FileDialog
          runId={runId}
          onChoose={(upload) => decide({ action: 'retry-file', upload })}
          onClose={close}
        />
      )}
      {open === 'edit' && line && (
        <EditDialog
          runId={runId}
          seq={line.seq}
          onChoose={(edit) => decide({ action: 'edit', edit })}
          onClose={close}
        />
      )}
    </>
  );
}

/** Where the reviewer is. Keys come faster than a page is drawn, so what they are about is read from `now`. */
function usePlace() {
  const [at, setAt] = useState(0);
  const place = useRef(0);
  const goTo = (to: number) => {
    place.current = to;
    setAt(to);
  };
  return { at, now: () => place.current, goTo };
}

const pick = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) => ({ key, ctrlKey, metaKey, altKey });

const shownKeys = ['r', 'f', 'e', 'n', 'l', 'h', 'u'] as const;
const names = {
  r: 'Retry',
  f: 'Other file',
  e: 'Edit',
  n: 'Enroll anyway',
  l: 'Leave out',
  h: 'Hand on',
  u: 'Undo',
};

/** The same by pointer and finger. */
function ActionBar({ carryOut, canUndo }: { carryOut: (command: DeskCommand) => void; canUndo: boolean }) {
  return (
    <div class="buttons actions" role="toolbar" aria-label="Decide">
      {shownKeys.map((key) => (
        <button
          type="button"
          key={key}
          title={deskKeys[key].does}
          disabled={key === 'u' && !canUndo}
          onClick={() => carryOut(deskKeys[key].command)}
        >
          <kbd>{key}</kbd> {names[key]}
        </button>
      ))}
    </div>
  );
}
