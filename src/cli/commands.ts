import type { Command } from 'commander';

/** What `rollcall --help` says of a command. The rest is loaded when the command is asked for. */
interface CommandEntry {
  readonly description: string;
  /** What stands behind the name: `<needed>` or `[optional]`, and what it is. */
  readonly arguments?: Readonly<Record<string, string>>;
  /** Gives the function that adds options and action. */
  readonly load: () => Promise<(command: Command) => void>;
}

/** All commands by their names, in the order of `--help`. */
export const commands: Readonly<Record<string, CommandEntry>> = {
  run: {
    description: 'scan, enroll, report, in this process; started again it resumes',
    arguments: {
      '<source>':
        'a folder, photos.zip, file.csv, file.jsonl, s3://bucket/prefix/, s3://bucket/file.csv, the folder or a manifest.json of an S3 Inventory, an earlier report.jsonl, or - (JSON lines on stdin)',
    },
    load: async () => (await import('./run.ts')).defineRun,
  },
  enqueue: {
    description: 'start a run and return its id; workers do it',
    arguments: {
      '<source>':
        'a folder, photos.zip, file.csv, file.jsonl, s3://bucket/prefix/, s3://bucket/file.csv, the folder or a manifest.json of an S3 Inventory, or - (JSON lines on stdin)',
    },
    load: async () => (await import('./enqueue.ts')).defineEnqueue,
  },
  worker: {
    description: 'work on runs until stopped; SIGTERM drains',
    load: async () => (await import('./worker.ts')).defineWorker,
  },
  status: {
    description: 'runs and their progress',
    arguments: { '[run]': 'id of a run; default: all' },
    load: async () => (await import('./status.ts')).defineStatus,
  },
  report: {
    description: 'show where the report is, its summary or its lines',
    arguments: { '[run]': 'id of a run; default: the newest' },
    load: async () => (await import('./report.ts')).defineReport,
  },
  'dead-letters': {
    description: 'photos that need attention: list, export, retry',
    arguments: { '[run]': 'id of a run; default: the newest' },
    load: async () => (await import('./dead-letters.ts')).defineDeadLetters,
  },
  review: {
    description: 'decide dead letters by a file, and make one new run of what was decided',
    arguments: { '<run>': 'id of a run' },
    load: async () => (await import('./review.ts')).defineReview,
  },
  pause: {
    description: 'pause a run, or all calls to an account, until resume; calls in flight are finished',
    arguments: { '[run]': 'id of a run' },
    load: async () => (await import('./control.ts')).definePause,
  },
  resume: {
    description: 'resume a paused run or account',
    arguments: { '[run]': 'id of a run' },
    load: async () => (await import('./control.ts')).defineResume,
  },
  set: {
    description: 'change a run while it goes on: rate, calls in flight, when it stops',
    arguments: { '<run>': 'id of a run' },
    load: async () => (await import('./set.ts')).defineSet,
  },
  cancel: {
    description: 'end a run: photos in flight are finished, the rest is reported as cancelled',
    arguments: { '<run>': 'id of a run' },
    load: async () => (await import('./control.ts')).defineCancel,
  },
  inbox: {
    description: 'a run that stays open, for photos that come one by one',
    load: async () => (await import('./inbox.ts')).defineInbox,
  },
  schedule: {
    description: 'scheduled runs, such as every night',
    load: async () => (await import('./schedule.ts')).defineSchedule,
  },
  identify: {
    description: 'find who is on each photo: the best match, one call a photo',
    arguments: {
      '<source>': 'a folder, photos.zip, file.csv, file.jsonl, s3://… or - (JSON lines on stdin)',
    },
    load: async () => (await import('./identify.ts')).defineIdentify,
  },
  forget: {
    description: 'delete templates of subjects, and never enroll them again',
    arguments: { '[subjects...]': 'ids of subjects' },
    load: async () => (await import('./forget.ts')).defineForget,
  },
  undo: {
    description: 'take back what a run did: delete what it stored, enroll again what it replaced',
    arguments: { '<run>': 'id of a run that is over' },
    load: async () => (await import('./undo.ts')).defineUndo,
  },
  coverage: {
    description: 'who of a list of people has no template, and why',
    arguments: { '<people>': 'a list with a column subject_id: .csv, .jsonl, or one id a line' },
    load: async () => (await import('./coverage.ts')).defineCoverage,
  },
  audit: {
    description: 'ask whether the engine holds what the ledger says: a sample, or everybody',
    load: async () => (await import('./audit.ts')).defineAudit,
  },
  preflight: {
    description: 'check photos with the local face models, without a call',
    arguments: {
      '<source>':
        'a folder, photos.zip, file.csv, file.jsonl, s3://bucket/prefix/ or - (JSON lines on stdin)',
    },
    load: async () => (await import('./preflight.ts')).definePreflight,
  },
  prune: {
    description: 'remove old runs and audits with all their files; the ledger stays',
    load: async () => (await import('./prune.ts')).definePrune,
  },
  serve: {
    description: 'page and HTTP API of the runs: look at them, steer them, decide on dead letters',
    load: async () => (await import('./serve.ts')).defineServe,
  },
  engine: {
    description: 'run the local engine as a server: real face recognition, for trials and rehearsals',
    load: async () => (await import('./engine.ts')).defineEngine,
  },
  doctor: {
    description: 'check queue, state, source and account, and say what to fix',
    arguments: { '[source]': 'a source to check as well' },
    load: async () => (await import('./doctor.ts')).defineDoctor,
  },
};
