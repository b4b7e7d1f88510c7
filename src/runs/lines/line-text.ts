import type { ReportLine } from '../../records/report/report-line.ts';
import { parsePartLine } from '../../records/report/report-part.ts';
import { codeOf } from './line-facts.ts';
import type { IndexFilter } from './line-index.ts';

/** Reads a line from its text if it is what is looked for. `text`: somewhere in it, upper and lower case being one. */
export function createLineFilter({ statuses, code, text = '' }: IndexFilter & { text?: string | undefined }) {
  const wanted = text.toLowerCase();
  // As it stands in JSON: most lines are passed over without being parsed.
  const written = JSON.stringify(wanted).slice(1, -1);
  return (json: string): ReportLine | undefined => {
    if (written !== '' && !json.toLowerCase().includes(written)) return undefined;
    const line = parsePartLine(json);
    const fits =
      line &&
      (!statuses || statuses.includes(line.status)) &&
      (code === undefined || codeOf(line) === code) &&
      textsOf(line).some((one) => one?.toLowerCase().includes(wanted));
    return fits ? line : undefined;
  };
}

const textsOf = ({
  subjectId = '',
  photo,
  error,
  templateId,
  transactionId,
  match,
  metadata,
}: ReportLine) => [
  subjectId,
  photo,
  error?.message,
  error?.code,
  templateId,
  transactionId,
  match?.templateId,
  ...Object.values(metadata ?? {}),
];
