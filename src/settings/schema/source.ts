import { listingSources, lookingAtPhotos, startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { list, oneOf, onOff, text, textLike, wholeNumber } from '../value-types.ts';

/** What a run is about. */
export const sourceSettings = inGroup('source', {
  runId: {
    type: textLike(
      /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/,
      'expected letters, digits, dot, dash and underscore, 64 at most',
    ),
    // It says which run is meant: there is nothing to compare.
    scope: 'process',
    commands: ['run', 'enqueue'],
    placeholder: '<id>',
    description: 'name of the run; default: made from the time',
  },
  idFrom: {
    type: text,
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: '{id}.{ext}',
    placeholder: '<pattern>',
    description: 'how a path gives the subject id: {id}, {photo}, {ext}',
  },
  include: {
    type: list,
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: '',
    placeholder: '<globs>',
    description: 'only paths that match one of these',
  },
  exclude: {
    type: list,
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: '',
    placeholder: '<globs>',
    description: 'leave out paths that match one of these',
  },
  keepIds: {
    type: onOff,
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: 'false',
    // Its list was begun without any judgement of ids.
    formerly: 'true',
    description:
      'take ids of a CSV file as they are that a spreadsheet may have spoiled (#N/A, NULL, 3-Jan, 1E5)',
  },
  includeLeftOut: {
    type: onOff,
    // A list is gone on with by the rules that it was begun with.
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: 'false',
    description: 'also list hidden files and what lies in recycle bins, snapshots and folders of thumbnails',
  },
  limit: {
    type: wholeNumber(1, Number.MAX_SAFE_INTEGER),
    scope: 'fixed',
    commands: lookingAtPhotos,
    placeholder: '<photos>',
    description: 'list only the first photos of the source',
  },
  repeat: {
    type: oneOf(['first', 'last', 'each']),
    scope: 'fixed',
    commands: startingRuns,
    default: 'first',
    placeholder: '<which>',
    description: 'which photo of a subject is enrolled where several are listed: first, last, each',
  },
  redrive: {
    type: oneOf(['unsettled', 'all']),
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: 'unsettled',
    placeholder: '<which>',
    description:
      'which lines of a report are listed when it is the source: unsettled (rejected, failed, cancelled) or all',
  },
  incremental: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'enroll only what is new or changed since it was last enrolled into this account',
  },
  replace: {
    type: onOff,
    scope: 'fixed',
    commands: listingSources,
    default: 'false',
    description:
      'enroll photos from another folder over those that had the same file name before: the archive moved',
  },
  forgetList: {
    type: text,
    scope: 'changeable',
    // Its subjects are noted beside run.json; those of another list are added.
    kept: 'elsewhere',
    commands: listingSources,
    placeholder: '<file>',
    description: 'never enroll the subjects of this file either: one id a line, .csv or .jsonl',
  },
  allowOutside: {
    type: onOff,
    // What a run may read is decided when it is started: its list was made under this rule, and whoever resumes it
    // with `rollcall resume` or a worker could not know of another.
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'doctor'],
    default: 'false',
    description: "allow a manifest's paths to leave its folder",
  },
  allowPrivate: {
    type: onOff,
    // As above: nobody widens by the way what the workers of a run may reach.
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'audit', 'inbox open', 'engine'],
    default: 'false',
    description: 'allow https photos on loopback, private and link-local addresses',
  },
  allowEmpty: {
    type: onOff,
    scope: 'changeable',
    commands: lookingAtPhotos,
    default: 'false',
    description: 'a source without photos is no error',
  },
});
