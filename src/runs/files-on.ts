import { hostname } from 'node:os';
import type { Settings } from '../engines/settings.ts';
import { isOnThisMachine } from '../queue/is-on-this-machine.ts';
import type { RunRecord } from '../records/run-record.ts';
import type { ListedPhoto, Source } from '../sources/source.ts';
import { UsageError } from '../util/errors.ts';

/** A path, and not an address such as `s3://…` or `https://…`. */
export const isLocal = (address: string) => !/^[a-z][a-z\d+.-]*:\/\//i.test(address);

export type FileSettings = Pick<Settings, 'queue' | 'sharedFiles'>;

/** An embedded queue lies on the disk that its workers have in common, whatever the machine is called by then. */
export const areShared = ({ queue, sharedFiles }: FileSettings) => sharedFiles || queue === 'embedded';

/**
 * The machine whose files a run over this source needs: this one; undefined where every worker can read the photos, for
 * they are elsewhere or `--shared-files` says so. What comes through a pipe is taken for paths here.
 * @throws UsageError for files of this machine where the queue is on another, which workers elsewhere would not find
 */
export function filesOn(address: string, settings: FileSettings): string | undefined {
  if (areShared(settings) || !isLocal(address)) return undefined;
  if (address !== '-') refuseElsewhere(`the source ${address} lies on this machine's disk`, settings);
  return hostname();
}

/**
 * The same source, whose list is refused at its first photo that lies on this machine's disk while the queue is on
 * another machine. `onLocal` gets this machine's name for such a photo where the queue is on this machine.
 * @throws UsageError while it is listed
 */
export function watchLocalPhotos(
  source: Source,
  settings: FileSettings,
  onLocal: (host: string) => void = () => {},
): Source {
  if (areShared(settings)) return source;
  async function* list(options: Parameters<Source['list']>[0]): AsyncGenerator<ListedPhoto> {
    for await (const photo of source.list(options)) {
      if (photo.photo !== undefined && photo.problem === undefined && isLocal(photo.photo)) {
        refuseElsewhere(
          `the photo of ${photo.subjectId ?? 'a subject'} lies on this machine's disk`,
          settings,
        );
        onLocal(hostname());
      }
      yield photo;
    }
  }
  return { ...source, list };
}

/** The machine whose files may be given to an inbox: its photos come later, and need not be files. */
export const filesOnFor = (settings: FileSettings): string | undefined =>
  areShared(settings) || !isOnThisMachine(settings.queue) ? undefined : hostname();

function refuseElsewhere(what: string, { queue }: FileSettings): void {
  if (isOnThisMachine(queue)) return;
  throw new UsageError(
    'files-not-shared',
    `The queue is on another machine, and ${what}: workers on other machines would not find the files. If all ` +
      'workers see the same files under the same paths, say so with --shared-files (ROLLCALL_SHARED_FILES); else put ' +
      'the photos on S3, or use a queue on this machine.',
  );
}

/** Whether a worker on this machine sees the files that something needs. */
export function areFilesHere(
  { filesOn }: Pick<RunRecord, 'filesOn'>,
  { sharedFiles }: Pick<FileSettings, 'sharedFiles'>,
): boolean {
  return sharedFiles || filesOn === undefined || filesOn === hostname();
}

/** Why a worker on this machine cannot do a run; undefined: it can. */
export function whyFilesAreMissing(record: RunRecord, settings: FileSettings): string | undefined {
  if (areFilesHere(record, settings)) return undefined;
  return (
    `its photos are files of the machine ${record.filesOn}, and this is ${hostname()}: this worker does not work on it. ` +
    'If it sees the same files under the same paths, start it with --shared-files (ROLLCALL_SHARED_FILES)'
  );
}
