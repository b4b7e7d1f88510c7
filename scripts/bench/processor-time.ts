import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A tick of the processor's clock as /proc counts it. */
const tickInMs = 10;
const lookEveryInMs = 200;

interface Counted {
  readonly parent: number;
  /** Its own, user and system. */
  readonly ownInMs: number;
  /** Of the children that have ended and that it waited for. */
  readonly endedChildrenInMs: number;
}

/** Milliseconds of processor time, user and system, that a process of this machine has used. Needs Linux. */
export const processorTimeOf = (pid: number): number => count(pid)?.ownInMs ?? 0;

/** A sum of processor time, in milliseconds, that is looked at for as long as it grows. */
export interface TimeWatch {
  /** What it has come to, whatever has ended by now. */
  read(): number;
  close(): void;
}

/** That of Node.js processes, and of those that they started and that are Node.js, too: not of a server. */
export function watchNodes(pids: readonly number[]): TimeWatch {
  const used = new Map<number, number>();
  return watch(() => {
    const all = countAll();
    const further = [...all].flatMap(([pid, { parent }]) =>
      pids.includes(parent) && isNode(pid) ? pid : [],
    );
    for (const pid of [...pids, ...further])
      used.set(pid, Math.max(used.get(pid) ?? 0, all.get(pid)?.ownInMs ?? 0));
    return [...used.values()].reduce((sum, time) => sum + time, 0);
  });
}

/** That of a process, once it is there, and of all that it started. */
export function watchTree(findPid: () => number | undefined): TimeWatch {
  let most = 0;
  return watch(() => {
    const pid = findPid();
    if (pid !== undefined) most = Math.max(most, sumBelow(countAll(), pid));
    return most;
  });
}

function watch(look: () => number): TimeWatch {
  const timer = setInterval(look, lookEveryInMs);
  return { read: look, close: () => clearInterval(timer) };
}

function sumBelow(all: ReadonlyMap<number, Counted>, pid: number): number {
  const own = all.get(pid);
  if (!own) return 0;
  const children = [...all].filter(([, { parent }]) => parent === pid);
  const below = children.reduce((sum, [child]) => sum + sumBelow(all, child), 0);
  return own.ownInMs + own.endedChildrenInMs + below;
}

function countAll(): Map<number, Counted> {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return new Map(
    pids.flatMap((pid) => {
      const counted = count(pid);
      return counted ? [[pid, counted] as const] : [];
    }),
  );
}

/** undefined: there is no such process. */
function count(pid: number): Counted | undefined {
  try {
    // The name in field 2 may hold spaces; behind it come state and parent, and from the 12th on the times.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ').map(Number) ?? [];
    const [user = 0, system = 0, childrenUser = 0, childrenSystem = 0] = fields.slice(11, 15);
    return {
      parent: fields[1] ?? 0,
      ownInMs: (user + system) * tickInMs,
      endedChildrenInMs: (childrenUser + childrenSystem) * tickInMs,
    };
  } catch {
    return undefined;
  }
}

function isNode(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === process.execPath;
  } catch {
    return false;
  }
}
