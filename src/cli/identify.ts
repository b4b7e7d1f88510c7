import { type Command, Option } from 'commander';
import { thresholdOf } from '../engines/similarity.ts';
import type { Identification } from '../runs/identify/identify-one.ts';
import type { IdentifyEnd } from '../runs/identify/identify-source.ts';
import { plural } from '../util/plural.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { endWhenUnread, printJson, printRow, say } from './terminal/output.ts';
import { describeSpent } from './text/describe-money.ts';

const examples = `
Examples:
  rollcall identify ./visitors --engine ooto
      who is on each photo
  rollcall identify ./visitors --engine ooto --format jsonl
      one JSON line a photo
  rollcall identify people.csv --engine ooto --threshold 0.85
      count only closer matches than by default

Nothing is stored, neither at the engine nor here.
Exit codes: 0 every photo has a result (also "no match"), 1 some photos have
none, 2 wrong usage, 3 stopped by the account, 4 fault.`;

interface IdentifyOptions {
  readonly format?: string;
  readonly json?: boolean;
}

export function defineIdentify(command: Command): void {
  command
    .addOption(
      new Option('--format <format>', 'how the lines are printed (default: table)').choices([
        'table',
        'jsonl',
      ]),
    )
    .option('--json', 'print one JSON object with the counts instead of lines')
    .addHelpText('after', examples)
    .action(async (source: string, options: IdentifyOptions & Record<string, unknown>) => {
      await withRollcall(options, (context) => identify(context, source, options));
    });
  addSettings(command, 'identify');
}

async function identify(context: CommandContext, source: string, options: IdentifyOptions): Promise<number> {
  const { rollcall, signal, life } = context;
  // Each photo more would be a call for nobody.
  endWhenUnread();
  const { identifySource } = await import('../runs/identify/identify-source.ts');
  sayEngineNotice(rollcall);
  const counts = { photos: 0, matched: 0, notMatched: 0, failed: 0, calls: 0 };
  life.doing(`Identifying ${source}`, () => plural(counts.photos, 'photo'));
  const show = options.json ? undefined : options.format === 'jsonl' ? printJson : printTableRow;
  const lines = identifySource(rollcall, { source, signal });
  let next = await lines.next();
  for (; !next.done; next = await lines.next()) {
    const line = next.value;
    counts.photos += 1;
    counts.calls += line.calls ?? 0;
    if (line.error) counts.failed += 1;
    else if (line.matched) counts.matched += 1;
    else counts.notMatched += 1;
    await show?.(line);
  }
  const threshold = thresholdOf(rollcall.engine().engine, rollcall.settings);
  const { kind, money } = next.value;
  if (options.json) printJson({ ...counts, threshold, end: kind, ...(money && { money }) });
  else
    say([
      `${plural(counts.photos, 'photo')}: ${counts.matched} matched (similarity ${threshold} or more), ` +
        `${counts.notMatched} not matched, ${counts.failed} without a result; ${plural(counts.calls, 'call')}`,
      ...describeSpent(money),
    ]);
  return conclude(context, source, counts, next.value);
}

function conclude(
  { rollcall, interruptExitCode }: CommandContext,
  source: string,
  counts: { photos: number; failed: number },
  end: IdentifyEnd,
): number {
  if (end.kind === 'interrupted') {
    say('Interrupted. The command does not resume: started again, it asks for all photos.');
    return interruptExitCode();
  }
  if (end.kind === 'paused') {
    say(`Stopped: ${end.waitsFor}`);
    return 3;
  }
  if (counts.photos === 0 && !rollcall.settings.allowEmpty) {
    say(`No photo was found in ${source}. If that is expected: --allow-empty`);
    return 2;
  }
  return counts.failed > 0 ? 1 : 0;
}

/** Who was found or why not, how similar, whose photo it is. */
function printTableRow({
  seq,
  subjectId = '',
  photo = '',
  matched,
  best,
  own,
  error,
}: Identification): Promise<void> {
  const result = error ? 'error' : matched ? 'match' : 'no match';
  const why = error ? (error.code ?? error.kind) : (best?.templateId ?? '');
  const alike = error ? '' : (best?.similarity.toFixed(3) ?? '');
  const note = error?.message ?? (own ? 'its own template' : '');
  return printRow([seq, result, why, alike, subjectId, photo, note]);
}
