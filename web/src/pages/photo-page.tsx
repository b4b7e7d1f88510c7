import { useEffect } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import { at } from '../api/client.ts';
import type { LineDetail } from '../api/types.ts';
import { useAsk } from '../api/use-ask.ts';
import { Card } from '../components/card.tsx';
import { LineFacts } from '../components/line-facts.tsx';
import { LineHistory } from '../components/line-history.tsx';
import { Picture } from '../components/picture.tsx';
import { RunHead } from '../components/run-head.tsx';
import { formatCount } from '../format.ts';

/** One photo of a run: its line, what became of it in others, and its picture. */
export function PhotoPage() {
  const { id = '', seq = '' } = useRoute().params;
  const { answer, problem } = useAsk<LineDetail>(at('runs', id, 'lines', seq));
  useEffect(() => {
    document.title = `Photo ${seq} of ${id} – rollcall`;
  }, [id, seq]);
  return (
    <main class="page" id="content" tabIndex={-1}>
      <RunHead id={id} title="Photo" />
      {problem !== undefined && <p class="notice fault">{problem}</p>}
      {answer && <Photo runId={id} {...answer} />}
    </main>
  );
}

function Photo({ runId, line, history, meaning }: LineDetail & { runId: string }) {
  return (
    <>
      <h2>
        Photo {formatCount(line.seq)}: {line.subjectId ?? 'without a subject'}
      </h2>
      <div class="columns">
        <Picture runId={runId} seq={line.seq} size={960} label={`Photo of ${line.subjectId ?? 'nobody'}`} />
        <Card title="What became of it">
          {meaning && (
            <div class="notice warning">
              <strong class="sentence">{meaning.text}</strong>
              <p>What helps: {meaning.helps}</p>
            </div>
          )}
          <LineFacts line={line} />
        </Card>
      </div>
      <Card title="In earlier runs">
        <LineHistory history={history} />
      </Card>
      <details class="card">
        <summary>The line of the report</summary>
        <pre class="mono">{JSON.stringify(line, undefined, 2)}</pre>
      </details>
    </>
  );
}
