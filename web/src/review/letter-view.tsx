import { useEffect, useState } from 'preact/hooks';
import type { ReportLine } from '../../../src/records/report/report-line.ts';
import { ask, at } from '../api/client.ts';
import type { LineDetail } from '../api/types.ts';
import { LineFacts } from '../components/line-facts.tsx';
import { LineHistory } from '../components/line-history.tsx';
import { Picture } from '../components/picture.tsx';
import { formatCount } from '../format.ts';
import type { Choice } from './desk.ts';
import { decisionWords } from './words.ts';

interface Props {
  readonly runId: string;
  readonly line: ReportLine;
  readonly decided: (Choice & { readonly by?: string }) | undefined;
}

/** Held down keys pass over photos faster than they can be asked for. */
const settleInMs = 120;

/** The dead letter that is decided now. */
export function LetterView({ runId, line, decided }: Props) {
  const detail = useDetail(runId, line.seq);
  return (
    <section class="letter" aria-label={`Photo ${line.seq}`}>
      <Picture runId={runId} seq={line.seq} size={960} label={`Photo of ${line.subjectId ?? 'nobody'}`} />
      <div class="letter-text">
        <h2>
          {line.subjectId ?? 'Without a subject'} <span class="muted">no. {formatCount(line.seq)}</span>
        </h2>
        {decided && decided.action !== 'undecided' && (
          <p class="notice good">
            <strong class="sentence">{decisionWords[decided.action]}</strong>
            {decided.reason !== undefined && `: ${decided.reason}`}
            {decided.by !== undefined && <span class="muted"> by {decided.by}</span>}
          </p>
        )}
        {detail?.meaning && (
          <div class="notice warning">
            <strong class="sentence">{detail.meaning.text}</strong>
            <p>What helps: {detail.meaning.helps}</p>
          </div>
        )}
        <LineFacts line={line} />
        {detail && detail.history.length > 0 && (
          <>
            <h3>In earlier runs</h3>
            <LineHistory history={detail.history} />
          </>
        )}
      </div>
    </section>
  );
}

function useDetail(runId: string, seq: number): LineDetail | undefined {
  const [detail, setDetail] = useState<LineDetail>();
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(() => {
      // The line is there already: what is missing then is a help, not the photo.
      ask<LineDetail>(at('runs', runId, 'lines', seq), { signal: abort.signal }).then(setDetail, () => {});
    }, settleInMs);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [runId, seq]);
  return detail?.line.seq === seq ? detail : undefined;
}
