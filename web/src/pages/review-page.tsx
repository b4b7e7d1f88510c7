import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { at } from '../api/client.ts';
import type { RunDetail } from '../api/types.ts';
import { useAsk } from '../api/use-ask.ts';
import { session } from '../app/session.ts';
import { Problem } from '../components/problem.tsx';
import { RunHead } from '../components/run-head.tsx';
import { useLines } from '../photos/use-lines.ts';
import { ReviewDesk } from '../review/review-desk.tsx';
import { reviewer } from '../review/reviewer.ts';
import { ReviewerForm } from '../review/reviewer-form.tsx';
import { deadLetterStatuses } from '../statuses.ts';

const deadLetters = { status: deadLetterStatuses.join(',') };

/** The desk where somebody decides what becomes of dead letters. */
export function ReviewPage() {
  const { id = '' } = useRoute().params;
  const found = useLines(id, deadLetters);
  const { answer: run } = useAsk<RunDetail>(at('runs', id));
  useEffect(() => {
    document.title = `Dead letters of ${id} – rollcall`;
  }, [id]);
  const canDecide = !session.value?.readOnly;
  return (
    <main class="page wide-page" id="content" tabIndex={-1}>
      <RunHead id={id} title="Dead letters" {...(run && { state: run.state })} />
      <Problem text={found.problem} />
      {!canDecide && <p class="notice">This server is read-only: decisions can be read, not made.</p>}
      {canDecide && reviewer.value === '' ? (
        <ReviewerForm />
      ) : (
        <ReviewDesk
          runId={id}
          found={found}
          total={Math.max(run?.deadLetters ?? 0, found.lines.length)}
          canDecide={canDecide}
          reviewer={reviewer.value}
        />
      )}
    </main>
  );
}
