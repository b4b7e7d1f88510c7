import { type Command, Option } from 'commander';
import { stringify } from 'csv-stringify';
import {
  type CoverageLine,
  type CoverageStatus,
  coverageStatuses,
  isUncovered,
} from '../records/audit/coverage-line.ts';
import { coverage } from '../runs/coverage.ts';
import { noteCoverage } from '../runs/note-coverage.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { printJson, say, write } from './terminal/output.ts';
import { csvText } from './text/csv-text.ts';
import { writeNewFile } from './write-new-file.ts';

interface CoverageOptions {
  readonly format: 'csv' | 'jsonl';
  readonly output?: string;
  readonly missing?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  rollcall coverage staff.csv --engine ooto --missing
      who of the staff has no template, and why
  rollcall coverage staff.csv --engine ooto --output coverage.csv
      everybody, into a new file

Nothing is called: the ledger, reports and forget list of this state answer.
Who is forgotten is not missing. The page of rollcall serve shows the counts,
and no names.
Exit codes: 0 nobody is missing, 1 somebody is, 2 wrong usage, 4 fault.`;

export function defineCoverage(command: Command): void {
  command
    .addOption(new Option('--format <format>', 'of the lines').choices(['csv', 'jsonl']).default('csv'))
    .option('--output <file>', 'write them to a new file instead')
    .option('--missing', 'only who has no template')
    .option('--json', 'print the counts as one JSON object, and lines only with --output')
    .addHelpText('after', examples)
    .action(async (people: string, options: CoverageOptions & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal, life }) => {
        const counts = new Map<CoverageStatus, number>();
        const told = async function* () {
          for await (const line of coverage(rollcall, people, { signal })) {
            counts.set(line.status, (counts.get(line.status) ?? 0) + 1);
            if (!options.missing || isUncovered(line)) yield line;
          }
        };
        life.doing(`Looking for the people of ${people}`);
        await giveOut(told(), options);
        const byStatus = Object.fromEntries(
          coverageStatuses
            .map((status) => [status, counts.get(status) ?? 0] as const)
            .filter(([, n]) => n > 0),
        );
        const found = { people: sum(counts), byStatus };
        if (options.json) await printJson(found);
        else say(describe(byStatus, sum(counts)));
        await noteCoverage(rollcall, { list: people, ...found }).catch((error: Error) =>
          say(`The page of rollcall serve will not show this: ${error.message}`),
        );
        return coverageStatuses.some((status) => counts.has(status) && isUncovered({ status })) ? 1 : 0;
      });
    });
  addSettings(command, 'coverage');
}

const sum = (counts: ReadonlyMap<CoverageStatus, number>) =>
  [...counts.values()].reduce((all, count) => all + count, 0);

function describe(byStatus: Readonly<Record<string, number>>, people: number): string {
  const parts = Object.entries(byStatus).map(([status, count]) => `${count} ${status}`);
  return `${plural(people, 'person', 'people')}: ${parts.join(', ')}`;
}

async function giveOut(
  lines: AsyncGenerator<CoverageLine>,
  { format, output, json }: CoverageOptions,
): Promise<void> {
  const chunks = format === 'csv' ? csvOf(lines) : jsonlOf(lines);
  if (output !== undefined) {
    await writeNewFile({ file: output, flag: '--output' }, chunks);
    say(`Written to ${output}`);
  } else for await (const chunk of chunks) if (!json) await write(chunk);
}

const columns = ['line', 'subjectId', 'status', 'code', 'run', 'at'];

/** Cells that a spreadsheet would run as a formula are escaped. */
const csvOf = (lines: AsyncIterable<CoverageLine>) =>
  csvText(lines, stringify({ header: true, columns, escape_formulas: true }));

async function* jsonlOf(lines: AsyncIterable<CoverageLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
