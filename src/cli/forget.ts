import type { Command } from 'commander';
import { keyWithoutBlanks } from '../ledger/ledger-event.ts';
import type { ForgetEnd } from '../runs/erasure/forget-contract.ts';
import { allowSubjects } from '../runs/erasure/forget-list.ts';
import { forgetSubjects } from '../runs/erasure/forget-subjects.ts';
import { type ListedSubject, readSubjectList } from '../runs/subject-list/read-subject-list.ts';
import { formatDuration } from '../settings/durations.ts';
import { problemOfText } from '../sources/read-subject-id.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { print, printJson, say } from './terminal/output.ts';
import { describeSpent, describeToPay } from './text/describe-money.ts';

interface ForgetOptions {
  readonly file?: string;
  readonly allow?: boolean;
  readonly json?: boolean;
}

/** A subject and where it was named, for messages. */
interface NamedSubject {
  readonly subjectId: string;
  readonly place: string;
}

const examples = `
Examples:
  rollcall forget emp-0017 --engine ooto
      delete the templates of a subject, and never enroll it again
  rollcall forget --file leavers.txt --engine ooto
      those of a file: one id a line; .csv with a column subject_id; .jsonl
  rollcall forget --allow emp-0017 --engine ooto
      take a subject off the forget list: runs enroll it again

The same command, started again, goes on where it stopped. Manifests and reports
of earlier runs still name the subjects; rollcall prune removes them.
Exit codes: 0 all deleted, 1 some could not be deleted, 2 wrong usage,
3 stopped, 4 fault.`;

export function defineForget(command: Command): void {
  command
    .option('--file <file>', 'also the subjects of a file')
    .option('--allow', 'take them off the forget list instead')
    .option('--json', 'print one JSON object instead of text')
    .addHelpText('after', examples)
    .action(async (ids: readonly string[], options: ForgetOptions & Record<string, unknown>) => {
      await withRollcall(options, async (context) => {
        const named = await gatherSubjects(context, ids, options.file);
        return options.allow ? allow(context, named, options) : forget(context, named, options);
      });
    });
  addSettings(command, 'forget');
}

async function gatherSubjects(
  { rollcall, signal }: CommandContext,
  ids: readonly string[],
  file: string | undefined,
): Promise<NamedSubject[]> {
  const typed = ids.map((subjectId, index) => ({ subjectId, place: `subject ${index + 1}` }));
  for (const { subjectId, place } of typed) {
    const problem = problemOfText('subject id', subjectId);
    if (problem !== undefined) throw new UsageError('no-subject', `${place}: ${problem}.`);
  }
  const listed: readonly ListedSubject[] =
    file === undefined
      ? []
      : await readSubjectList(file, { setting: '--file', folder: rollcall.folder, signal });
  const all = [
    ...typed,
    ...listed.map(({ subjectId, line }) => ({ subjectId, place: `line ${line} of ${file}` })),
  ];
  if (all.length > 0) return all;
  throw new UsageError(
    'no-subject',
    file === undefined
      ? 'Name the subjects to forget, or a file of them with --file.'
      : `--file: ${file} names no subject.`,
  );
}

async function allow(
  { rollcall }: CommandContext,
  named: readonly NamedSubject[],
  { json }: ForgetOptions,
): Promise<number> {
  const allowed = await allowSubjects(rollcall, idsOf(named));
  if (json) printJson({ allowed });
  else print(`${plural(allowed, 'subject')} taken off the forget list; runs may enroll them again.`);
  return 0;
}

async function forget(
  { rollcall, signal, interruptExitCode, life }: CommandContext,
  named: readonly NamedSubject[],
  { json }: ForgetOptions,
): Promise<number> {
  const { account, engine, url } = rollcall.engine();
  life.doing(`Forgetting ${plural(named.length, 'subject')}`);
  try {
    const end = await forgetSubjects(rollcall, idsOf(named), {
      signal,
      onStart: ({ calls, price }) => say(describeToPay(price, { delete: calls })),
      onWait: ({ runIds, durationInMs }) =>
        say(
          `The subjects are on the forget list. ${runIds.join(', ')} may have calls in flight: waiting ` +
            `${formatDuration(durationInMs)} until none of them can still store anything.`,
        ),
    });
    if (json) printJson({ account, engine: engine.name, engineUrl: url, ...withPlaces(end, named) });
    else print(describe(end));
    return conclude(end, named);
  } catch (error) {
    if (!signal.aborted) throw error;
    say(
      'Interrupted. Start the same command again to go on. Subjects on the forget list are not enrolled meanwhile.',
    );
    return interruptExitCode();
  }
}

const idsOf = (named: readonly NamedSubject[]) => named.map(({ subjectId }) => subjectId);

/** Results may be kept: they name places, not people. */
function withPlaces({ failed, leftToOthers, unknown, ...counts }: ForgetEnd, named: readonly NamedSubject[]) {
  const placeOf = placesOf(named);
  return {
    ...counts,
    failed: failed.map(({ subjectId, message }) => ({ place: placeOf(subjectId), message })),
    leftToOthers: leftToOthers.map(placeOf),
    unknown: unknown.map(placeOf),
  };
}

function placesOf(named: readonly NamedSubject[]): (subjectId: string) => string {
  const places = new Map(named.map(({ subjectId, place }) => [keyWithoutBlanks(subjectId), place]));
  return (subjectId) => places.get(subjectId) ?? 'a subject';
}

function describe({
  subjects,
  erased,
  erasedBefore,
  templatesDeleted,
  templatesGone,
  log,
  money,
}: ForgetEnd): string[] {
  const before = erasedBefore > 0 ? ` (${erasedBefore} of them before this command was started again)` : '';
  return [
    `${plural(erased, 'subject')} of ${subjects} forgotten${before}: ${plural(templatesDeleted, 'template')} deleted, ` +
      `${templatesGone} ${templatesGone === 1 ? 'was' : 'were'} gone already`,
    ...describeSpent(money),
    ...(log === undefined ? [] : [`Erasure log: ${log}`]),
  ];
}

function conclude(
  { failed, leftToOthers, unknown, waitsFor }: ForgetEnd,
  named: readonly NamedSubject[],
): number {
  const placeOf = placesOf(named);
  for (const subjectId of leftToOthers)
    say(`${placeOf(subjectId)}: one of its templates belongs to another subject by now and was kept.`);
  for (const { subjectId, message } of failed)
    say(`${placeOf(subjectId)} (${subjectId}): not deleted: ${message}`);
  if (unknown.length > 0)
    say(describeUnknown(unknown.map((subjectId) => `${placeOf(subjectId)} (${subjectId})`)));
  if (waitsFor !== undefined) {
    say(`Stopped: ${waitsFor}`);
    say(
      'The subjects are on the forget list and are not enrolled. To delete the rest, start the same command again.',
    );
    return 3;
  }
  if (failed.length === 0) return 0;
  say(
    `${plural(failed.length, 'subject')} could not be deleted. To try again, start the same command again.`,
  );
  return 1;
}

const placesShown = 10;

function describeUnknown(places: readonly string[]): string {
  const more = places.length > placesShown ? ` and ${places.length - placesShown} more` : '';
  return (
    `${plural(places.length, 'subject')} matched nobody: neither this state nor the engine knew them. They are on the forget ` +
    `list as they are written; is that how they were enrolled, upper and lower case too? ` +
    `${places.slice(0, placesShown).join(', ')}${more}`
  );
}
