const codes = new Set([
  ...['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ENOENT', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EAI_AGAIN', 'ENOTFOUND'],
  // Shut down by an administrator, by a crash, not up yet; too many connections.
  ...['57P01', '57P02', '57P03', '53300'],
]);
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
  ].join('|'),
);

/** Whether the connection is at fault and the same query may succeed later. */
export function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return codes.has(code) || code.startsWith('08') || messages.test(error.message);
}

/** The connection itself reports its faults, once an outage; all who use it would report them again. */
export function exceptConnectionFaults(onError: (error: Error) => void): (error: Error) => void {
  return (error) => {
    if (!isConnectionFault(error)) onError(error);
  };
}
