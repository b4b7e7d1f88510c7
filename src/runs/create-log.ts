import { type Logger, pino } from 'pino';
import type { Settings } from '../engines/settings.ts';
import { UsageError } from '../util/errors.ts';

/** What a log may keep for later while it cannot be written. */
const mostKeptInBytes = 1024 * 1024;

/**
 * The log: JSON lines to stderr, to `--log-file`, or to `logTo` in place of stderr. One that cannot be written, such as on
 * a disk that is full, ends nothing and fails no photo: `onFault` hears of it once.
 * @throws UsageError for a file that cannot be opened
 */
export function createLog(
  { logFile, logLevel }: Pick<Settings, 'logFile' | 'logLevel'>,
  { logTo, onFault }: { logTo: { write(json: string): void } | undefined; onFault(message: string): void },
): Logger {
  const options = { level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  if (logTo && logFile === undefined) return pino(options, logTo);
  const destination = openDestination(logFile);
  let isSaid = false;
  destination.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (isSaid || logFile === undefined) return;
    isSaid = true;
    onFault(`The log ${logFile} cannot be written (${code}): lines of it may be missing.`);
  });
  return pino(options, destination);
}

function openDestination(logFile: string | undefined) {
  try {
    return pino.destination({ dest: logFile ?? 2, sync: true, mkdir: true, maxLength: mostKeptInBytes });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const message = `--log-file (ROLLCALL_LOG_FILE, "logFile"): ${logFile} cannot be written (${code}): name a file that can be.`;
    throw new UsageError('log-file', message, { cause });
  }
}
