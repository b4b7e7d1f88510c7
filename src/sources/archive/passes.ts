import { withinTime } from '../../util/time-limit.ts';
import type { UnpackedBytes } from './unpacked-bytes.ts';

/** Reads ranges of what can be made in order only, from the beginning on. */
export interface Passes {
  /** @throws the signal's reason when aborted */
  read(position: number, options: { sizeInBytes: number; signal: AbortSignal }): Promise<Buffer>;
  close(): Promise<void>;
}

interface Request {
  readonly position: number;
  readonly sizeInBytes: number;
  readonly signal: AbortSignal;
  resolve(bytes: Buffer): void;
  reject(error: unknown): void;
}

interface Pass {
  readonly bytes: UnpackedBytes;
  position: number;
  isAtWork: boolean;
  readonly requests: Request[];
}

/** One that goes on in the order of the list, and one for what is asked for again. */
const mostPasses = 2;

/**
 * A pass over the bytes gives what lies ahead of it, in order, whenever that is asked for. What lies behind every pass waits
 * until one of the two has nothing to do, which then begins anew: so that photos that are asked for again, whatever their
 * number, cost one pass at a time beside the one that goes on.
 */
export function createPasses(open: () => UnpackedBytes): Passes {
  let passes: Pass[] = [];
  let waiting: Request[] = [];
  let isClosed = false;

  function start(): Pass {
    const pass: Pass = { bytes: open(), position: 0, isAtWork: false, requests: [] };
    passes.push(pass);
    return pass;
  }

  /** Of the passes that a place lies ahead of, the one that is nearest to it. */
  function passTo(position: number): Pass | undefined {
    const ahead = passes.filter(({ bytes }) => bytes.from <= position);
    return ahead.sort((one, other) => other.position - one.position)[0];
  }

  function give(request: Request): void {
    const pass = passTo(request.position) ?? (passes.length < mostPasses ? start() : undefined);
    if (pass === undefined) {
      waiting.push(request);
      beginAnew();
      return;
    }
    pass.requests.push(request);
    pass.requests.sort((one, other) => one.position - other.position);
    if (!pass.isAtWork) void work(pass);
  }

  async function work(pass: Pass): Promise<void> {
    pass.isAtWork = true;
    let current: Request | undefined;
    try {
      // What is asked for at the same time is put into order first.
      await new Promise(setImmediate);
      for (let next = pass.requests.shift(); next !== undefined; next = pass.requests.shift()) {
        if (next.signal.aborted) continue;
        current = next;
        const { position, sizeInBytes } = next;
        if (position < pass.bytes.from) {
          give(next);
          continue;
        }
        next.resolve(await pass.bytes.read(position, sizeInBytes));
        pass.position = Math.max(pass.position, position + sizeInBytes);
      }
    } catch (error) {
      passes = passes.filter((each) => each !== pass);
      current?.reject(error);
      for (const request of [...pass.requests.splice(0), ...waiting.splice(0)]) request.reject(error);
      await pass.bytes.close();
    } finally {
      pass.isAtWork = false;
    }
    beginAnew();
  }

  function beginAnew(): void {
    waiting = waiting.filter(({ signal }) => !signal.aborted);
    const idle = passes
      .filter(({ isAtWork }) => !isAtWork)
      .sort((one, other) => one.position - other.position)[0];
    if (idle === undefined || waiting.length === 0 || isClosed) return;
    passes = passes.filter((each) => each !== idle);
    void idle.bytes.close();
    for (const request of waiting.splice(0)) give(request);
  }

  return {
    read(position, { sizeInBytes, signal }) {
      const made = new Promise<Buffer>((resolve, reject) =>
        give({ position, sizeInBytes, signal, resolve, reject }),
      );
      return withinTime(made, { signal });
    },
    async close() {
      isClosed = true;
      await Promise.all(passes.map(({ bytes }) => bytes.close()));
    },
  };
}
