import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The name of this process, `host:pid:start`, by which others see whether it is still alive. `host` is everything
 * that gives the pid a meaning: host name, boot and, on Linux, the pid namespace; there is no colon inside it.
 */
export function processName(): string {
  ownName ??= [hostPart(), process.pid, startOf(process.pid) ?? unknown].join(':');
  return ownName;
}

/** The same, as a part of a file's name. */
export const fileNameOf = (name: string): string => name.replaceAll(/[^\w.~-]/g, '~');

/**
 * True only when it is certain that the process of this name has ended: it ran here, and its pid is gone, is a zombie
 * or belongs to a process that started at another time. A process elsewhere, or an unknown name: false.
 */
export function isDeadProcess(name: string): boolean {
  const [host, pidText, start, ...rest] = name.split(':');
  const pid = Number(pidText);
  if (rest.length > 0 || host !== hostPart() || !Number.isSafeInteger(pid) || pid <= 0) return false;
  // Without a boot id, a machine of the same name could be meant.
  if (host.split('~')[1] === unknown || !start) return false;
  if (isGone(pid)) return true;
  const startNow = startOf(pid);
  if (startNow === zombie) return true;
  return startNow !== undefined && start !== unknown && startNow !== start;
}

const unknown = 'unknown';
const zombie = 'zombie';
let ownName: string | undefined;
let ownHostPart: string | undefined;

function hostPart(): string {
  ownHostPart ??= [hostname(), bootId(), pidNamespace()]
    .map((part) => part.replace(/[^\w.-]/g, '_'))
    .join('~');
  return ownHostPart;
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** When the process started, in whatever unit the system has; `zombie` for one that has ended and is not yet reaped. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    // The name in field 2 may hold spaces and parentheses; what follows the last one is fixed. Field 22: start time.
    const fields = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'))
      ?.replace(/^.*\) /s, '')
      .split(' ');
    return fields?.[0] === 'Z' || fields?.[0] === 'X' ? zombie : fields?.[19];
  }
  return commandOutput('ps', ['-o', 'lstart=', '-p', String(pid)])?.replace(/[\s:]+/g, '_');
}

function bootId(): string {
  const id =
    process.platform === 'linux'
      ? attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
      : commandOutput('sysctl', ['-n', 'kern.bootsessionuuid']);
  return id ?? unknown;
}

function pidNamespace(): string {
  return attempt(() => readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')) ?? 'none';
}

function commandOutput(command: string, args: string[]): string | undefined {
  return (
    attempt(() =>
      execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim(),
    ) || undefined
  );
}

function attempt(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
