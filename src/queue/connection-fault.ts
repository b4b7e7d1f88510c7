const codes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EAI_AGAIN', 'ENOTFOUND'],
  // Shut down by an administrator, by a crash, not up yet.
  ...['57P01', '57P02', '57P03'],
  // The disk cannot be read or written; a replica that was taken for the server.
  ...['58030', '25006'],
]);
/** 08: the connection; 53: what the server lacks (53100 room on the disk, 53200 memory, 53300 connections). */
const classes = ['08', '53'];
const messages = new RegExp(
  [
    'Connection (terminated|is closed)',
    'not queryable',
    'timeout exceeded when trying to connect',
    // Sentinels that cannot be asked, a Cluster whose nodes cannot; a master that is none any more, or not yet.
    'All sentinels are unreachable',
    'Failed to refresh slots cache',
    'Too many Cluster redirections',
    '^(CLUSTERDOWN|READONLY|UNBLOCKED|MASTERDOWN|LOADING|TRYAGAIN)',
    // Redis without memory, without room on the disk for what it keeps, without the replicas it must have.
    '^(OOM|MISCONF|NOREPLICAS)\\b',
    // What is left of an error of PostgreSQL where a job has kept nothing but its words.
    'No space left on device',
  ].join('|'),
);

/** Whether the store is at fault, and neither the photo nor the program: the same query may succeed later. */
export function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return codes.has(code) || classes.includes(code.slice(0, 2)) || messages.test(error.message);
}

/** What to do about the store, by what it says. */
export function fixOfStore(error: Error): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === '53100' || /No space left on device|^MISCONF/.test(error.message))
    return 'Its disk is full: make room';
  if (code === '53200' || /^OOM\b/.test(error.message)) return 'It has no memory left: give it more';
  return 'Fix it';
}

/** The connection itself reports its faults, once an outage; all who use it would report them again. */
export function exceptConnectionFaults(onError: (error: Error) => void): (error: Error) => void {
  return (error) => {
    if (!isConnectionFault(error)) onError(error);
  };
}
