/** A limit on the memory that many tasks use together. First come, first served. */
export interface ByteBudget {
  /** A share of it, empty at first. Waiting for memory ends with the signal. */
  open(signal?: AbortSignal): ByteShare;
}

export interface ByteShare {
  /**
   * Releases what it holds and waits for its turn to hold `sizeInBytes`. A share larger than the budget is granted alone.
   * @throws the signal's reason when aborted
   */
  take(sizeInBytes: number): Promise<void>;
  /** Corrects what it holds to what is really used; does not wait. */
  note(sizeInBytes: number): void;
  /** Holds so much more until the returned function is called, whatever else it holds; does not wait, but others do. */
  add(sizeInBytes: number): () => void;
  release(): void;
}

interface Waiting {
  readonly sizeInBytes: number;
  readonly start: () => void;
}

export function createByteBudget(budgetInBytes: number): ByteBudget {
  const waiting: Waiting[] = [];
  let used = 0;
  const hasRoom = (sizeInBytes: number) => used === 0 || used + sizeInBytes <= budgetInBytes;
  const serve = () => {
    for (let first = waiting[0]; first !== undefined; first = waiting[0]) {
      if (!hasRoom(first.sizeInBytes)) return;
      waiting.shift();
      used += first.sizeInBytes;
      first.start();
    }
  };
  const change = (difference: number) => {
    used += difference;
    serve();
  };

  return {
    open(signal) {
      let own = 0;
      const note = (sizeInBytes: number) => {
        const difference = sizeInBytes - own;
        own = sizeInBytes;
        change(difference);
      };
      return {
        note,
        add(sizeInBytes) {
          change(sizeInBytes);
          return () => change(-sizeInBytes);
        },
        release: () => note(0),
        async take(sizeInBytes) {
          signal?.throwIfAborted();
          note(0);
          if (waiting.length === 0 && hasRoom(sizeInBytes)) return note(sizeInBytes);
          await new Promise<void>((resolve, reject) => {
            const leave = () => {
              waiting.splice(waiting.indexOf(entry), 1);
              serve();
              reject(signal?.reason);
            };
            const start = () => {
              signal?.removeEventListener('abort', leave);
              own = sizeInBytes;
              resolve();
            };
            const entry = { sizeInBytes, start };
            signal?.addEventListener('abort', leave, { once: true });
            waiting.push(entry);
            serve();
          });
        },
      };
    },
  };
}
