/** How many requests, and bytes of them, are here at once: more would fill the memory and wait too long. */
export interface Semaphore {
  readonly taken: number;
  /** undefined: all places are taken. The place is given back once, however often that is said. */
  take(sizeInBytes: number): (() => void) | undefined;
}

/** One request is let in whatever its size: else a large one would never be. */
export function createSemaphore({ limit, limitInBytes }: { limit: number; limitInBytes: number }): Semaphore {
  let taken = 0;
  let takenBytes = 0;
  return {
    get taken() {
      return taken;
    },
    take(sizeInBytes) {
      if (taken >= limit || (taken > 0 && takenBytes + sizeInBytes > limitInBytes)) return undefined;
      taken += 1;
      takenBytes += sizeInBytes;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        taken -= 1;
        takenBytes -= sizeInBytes;
      };
    },
  };
}
