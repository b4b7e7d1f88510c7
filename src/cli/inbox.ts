import { type Command, Option } from 'commander';
import { parseDuration, writeDuration } from '../settings/durations.ts';
import { UsageError } from '../util/errors.ts';
import { plural } from '../util/plural.ts';
import { withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { sayEngineNotice } from './say-engine-notice.ts';
import { print, printJson, say } from './terminal/output.ts';
import { describeInbox } from './text/describe-inbox.ts';

const examples = `
Examples:
  rollcall inbox open door --engine ooto --roll 24h
  rollcall inbox open door --webhook https://service.example/hooks/rollcall
  rollcall inbox add door --subject E-17 --photo /srv/photos/e17.jpg
  my-program | rollcall inbox add door -       (JSON lines, as for enqueue -)
  rollcall inbox close door

An inbox is a run that stays open: photos come one by one, a 'rollcall worker'
on the same state and queue enrolls them, and every --roll the run is finished
and the next one begins. Whoever adds needs no credentials of the engine.`;

export function defineInbox(inbox: Command): void {
  inbox.addHelpText('after', examples);
  addOpen(inbox);
  addClose(inbox);
  addList(inbox);
  addAdd(inbox);
}

interface OpenOptions {
  readonly roll: string;
  readonly maxWaiting: string;
  readonly webhook?: string;
}

function addOpen(inbox: Command): void {
  const command = inbox
    .command('open')
    .description('open an inbox, or give one that is open other settings for its next runs')
    .argument('<name>', "the beginning of its runs' ids")
    .option('--roll <duration>', 'from the first photo of a run to the next run', '24h')
    .option('--max-waiting <photos>', 'photos without an outcome, at most; more are refused', '10000')
    .addOption(
      new Option(
        '--webhook <url>',
        'tell this https address of each outcome, signed with ROLLCALL_WEBHOOK_SECRET of the workers',
      ).env('ROLLCALL_WEBHOOK'),
    )
    .action(async (name: string, options: OpenOptions & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal }) => {
        const { openInbox } = await import('../runs/inbox/open-inbox.ts');
        const rollInMs = parseDuration(options.roll);
        if (!rollInMs)
          throw new UsageError('roll', `--roll: expected a duration such as 24h, not ${options.roll}.`);
        const maxWaiting = Number(options.maxWaiting);
        if (!Number.isSafeInteger(maxWaiting) || maxWaiting < 1)
          throw new UsageError(
            'max-waiting',
            `--max-waiting: expected a whole number from 1 on, not ${options.maxWaiting}.`,
          );
        sayEngineNotice(rollcall);
        const { runId, wasOpen, webhookEnds } = await openInbox(rollcall, {
          ...{ name, rollInMs, maxWaiting, signal },
          webhook: options.webhook,
        });
        say(
          wasOpen
            ? `Inbox ${name} was open; what is new holds from its next run on.`
            : `Inbox ${name} is open. A 'rollcall worker' on this state and queue enrolls what comes.`,
        );
        if (webhookEnds)
          say('Its webhook is taken away, for none was given: nobody is told of outcomes any more.');
        print(runId);
        return 0;
      });
    });
  addSettings(command, 'inbox open');
}

function addClose(inbox: Command): void {
  const command = inbox
    .command('close')
    .description('take in no more; the run is finished once all its photos have their outcome')
    .argument('<name>', 'name of the inbox')
    .action(async (name: string, options: Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall, signal }) => {
        const { closeInbox } = await import('../runs/inbox/open-inbox.ts');
        const { runId } = await closeInbox(rollcall, name, { signal });
        say(`Inbox ${name} is closed.`);
        if (runId !== undefined) print(runId);
        return 0;
      });
    });
  addSettings(command, 'inbox close');
}

function addList(inbox: Command): void {
  const command = inbox
    .command('list')
    .description('inboxes, their open runs, and what waits in them')
    .option('--json', 'print JSON, one object a line')
    .action(async (options: { json?: boolean } & Record<string, unknown>) => {
      await withRollcall(options, async ({ rollcall }) => {
        const { listInboxes } = await import('../runs/inbox/list-inboxes.ts');
        const inboxes = await listInboxes(rollcall.state);
        if (inboxes.length === 0) say(`No inbox in ${rollcall.state.address}.`);
        for (const one of inboxes) {
          const { engine, engineUrl, rollInMs, maxWaiting, webhook } = one;
          if (options.json) await printJson(one);
          else
            print([
              describeInbox(one),
              `  ${engine} at ${engineUrl}; a new run every ${writeDuration(rollInMs)}; ${plural(maxWaiting, 'photo')} may wait${webhook ? `; outcomes are sent to ${webhook.address}` : ''}`,
            ]);
        }
        return 0;
      });
    });
  addSettings(command, 'inbox list');
}

interface AddOptions {
  readonly subject?: string;
  readonly photo?: string;
  readonly picture?: string;
  readonly templateId?: string;
  readonly photoVersion?: string;
  readonly key?: string;
  readonly json?: boolean;
}

function addAdd(inbox: Command): void {
  const command = inbox
    .command('add')
    .description('give photos to an inbox; printed once they are durable: run and number of each')
    .argument('<name>', 'name of the inbox')
    .argument(
      '[source]',
      '- for JSON lines on stdin: subjectId, photo, optional templateId, version, metadata, key',
    )
    .option('--subject <id>', 'whose photo it is')
    .option('--photo <address>', 'a path, https://… or s3://…, read when its turn comes')
    .option('--picture <file>', 'a file that is kept in the state until the photo has its outcome')
    .option('--template-id <id>', "the engine's id for the template")
    .option('--photo-version <text>', 'changes when the photo changes')
    .option('--key <text>', 'the same key again is the same photo')
    .option('--json', 'print JSON, one object a line')
    .action(
      async (name: string, source: string | undefined, options: AddOptions & Record<string, unknown>) => {
        await withRollcall(options, async ({ rollcall, signal }) => {
          const { addFrom } = await import('../runs/inbox/add-from.ts');
          for await (const { runId, seq, repeated } of addFrom(rollcall, name, {
            source,
            ...options,
            signal,
          })) {
            if (options.json) await printJson({ run: runId, seq, repeated });
            else print(`${runId}  ${seq}${repeated ? '  repeated' : ''}`);
          }
          return 0;
        });
      },
    );
  addSettings(command, 'inbox add');
}
