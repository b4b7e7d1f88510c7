import { type Command, Option } from 'commander';
import { assertEngineName } from '../engines/registry.ts';
import { openPhotoReader, openSourceOf } from '../runs/run-source.ts';
import { firstPhotos } from '../sources/first-photos.ts';
import type { ListedPhoto } from '../sources/source.ts';
import { plural } from '../util/plural.ts';
import { redactAddress } from '../util/redact-address.ts';
import { lookAtPhotos, type PhotoLook } from '../worker/preflight/look-at-photos.ts';
import { createPreflight } from '../worker/preflight/preflight.ts';
import { type CommandContext, withRollcall } from './command-context.ts';
import { addSettings } from './flags.ts';
import { endWhenUnread, printJson, printRow, say } from './terminal/output.ts';

const examples = `
Examples:
  rollcall preflight ./photos
      which photos OOTO would refuse, and why
  rollcall preflight ./photos --engine verihubs
      the same in Verihubs' codes
  rollcall preflight people.csv --format jsonl
      a JSON line for every photo

No call is made, and no account is needed.
Exit codes: 0 nothing to fix, 1 some photos would be refused, 2 wrong usage, or
models that are not installed.`;

interface PreflightOptions {
  readonly format: 'table' | 'jsonl';
}

export function definePreflight(command: Command): void {
  command
    .addOption(
      new Option('--format <format>', 'how the results are printed')
        .choices(['table', 'jsonl'])
        .default('table'),
    )
    .addHelpText('after', examples)
    .action(async (source: string, options: PreflightOptions & Record<string, unknown>) => {
      await withRollcall(options, (context) => preflight(context, source, options), { drains: false });
    });
  addSettings(command, 'preflight');
}

async function preflight(
  { rollcall, signal, interruptExitCode, life }: CommandContext,
  spec: string,
  { format }: PreflightOptions,
): Promise<number> {
  const { settings } = rollcall;
  const engine = settings.engine ?? 'ooto';
  endWhenUnread();
  assertEngineName(engine);
  life.doing('Loading the face models');
  const faceReader = await rollcall.faceReader();
  const source = await openSourceOf(rollcall, spec, settings);
  const { allowPrivate, limit } = settings;
  const reader = openPhotoReader(rollcall, source, { allowPrivate });
  const counts = { photos: 0, refused: 0, failed: 0, warned: 0 };
  life.doing(`Looking at ${spec}`, () => plural(counts.photos, 'photo'));
  try {
    const looks = lookAtPhotos(firstPhotos(source, { limit, signal }), {
      reader,
      preflight: createPreflight(faceReader, { engine, settings }),
      rules: { formats: ['jpeg', 'png'] },
      settings,
      signal,
    });
    for await (const look of looks) {
      counts.photos += 1;
      if (look.error?.kind === 'preflight') counts.refused += 1;
      else if (look.error) counts.failed += 1;
      else if (look.warnings.length > 0) counts.warned += 1;
      await (format === 'jsonl' ? printJson(lineOf(look, counts.photos)) : printRow(rowOf(look)));
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return interruptExitCode();
  } finally {
    await reader.close();
  }
  const { photos, refused, failed, warned } = counts;
  say(
    `${plural(photos, 'photo')}: ${refused} would be refused by ${engine}, ${failed} cannot be read, ${warned} more with a warning. ` +
      `A run with --preflight saves ${plural(refused, 'call')}.`,
  );
  if (photos === 0 && !settings.allowEmpty) return 2;
  return refused + failed > 0 ? 1 : 0;
}

/** Kept apart by tabs, so that other programs can read it, too. */
function rowOf({ photo, faces, error, warnings }: PhotoLook): (string | number)[] {
  const verdict = error ? (error.code ?? error.kind) : 'ok';
  const words = [...(error ? [error.message] : []), ...warnings].join(', ');
  return [verdict, faces ?? '-', photo.subjectId ?? '-', shownAddress(photo) ?? '-', words];
}

function lineOf({ photo, faces, error, warnings }: PhotoLook, seq: number) {
  const { row, subjectId } = photo;
  return {
    seq,
    row,
    subjectId,
    photo: shownAddress(photo),
    faces,
    error,
    ...(warnings.length > 0 && { warnings }),
  };
}

const shownAddress = ({ photo }: ListedPhoto) => photo && redactAddress(photo).address;
