/** The commands that have flags of settings. */
export type CommandName =
  | (typeof ofAccounts)[number]
  | 'set'
  | 'status'
  | 'report'
  | 'schedule list'
  | 'schedule remove'
  | 'inbox close'
  | 'inbox list'
  | 'inbox add'
  | 'preflight'
  | 'prune'
  | 'engine';

/** Those that start a run. */
export const startingRuns = ['run', 'enqueue', 'schedule add', 'inbox open'] as const;

/** Those of them that list a source. */
export const listingSources = ['run', 'enqueue', 'schedule add'] as const;

/** Those that look at a source, be it for a run or not. */
export const lookingAtPhotos = [...listingSources, 'identify', 'preflight'] as const;

/** Those that are no runs and whose calls cost. */
export const spending = ['identify', 'audit', 'forget', 'undo'] as const;

/** Those that make calls to an account, or steer them. */
export const onAccounts = [
  ...startingRuns,
  'worker',
  'dead-letters',
  'review',
  'pause',
  'resume',
  'cancel',
  ...spending,
  'doctor',
  'serve',
] as const;

/** Those that need to know which account is meant. */
export const ofAccounts = [...onAccounts, 'coverage'] as const;

export const onRuns = [
  ...onAccounts,
  'set',
  'status',
  'report',
  'schedule list',
  'schedule remove',
  'inbox close',
  'inbox list',
  'inbox add',
  'preflight',
  'prune',
] as const;

export const everywhere = [...onRuns, 'coverage', 'engine'] as const;
