/** Who waits, to be let go once. */
export interface Waiter<Grant> {
  grant(what: Grant): void;
  refuse(reason: unknown): void;
}

/**
 * Joins a line and waits until it is granted something or refused; leaves the line when the signal aborts.
 * @throws what it was refused with; the signal's reason
 */
export function waitInLine<Grant>({
  signal,
  join,
  leave,
}: {
  signal: AbortSignal;
  join: (waiter: Waiter<Grant>) => void;
  leave: (waiter: Waiter<Grant>) => void;
}): Promise<Grant> {
  return new Promise<Grant>((resolve, reject) => {
    const onAbort = () => {
      reject(signal.reason);
      leave(waiter);
    };
    const waiter: Waiter<Grant> = {
      grant(what) {
        signal.removeEventListener('abort', onAbort);
        resolve(what);
      },
      refuse(reason) {
        signal.removeEventListener('abort', onAbort);
        reject(reason);
      },
    };
    signal.addEventListener('abort', onAbort, { once: true });
    join(waiter);
  });
}
