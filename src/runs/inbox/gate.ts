/** Actions pass side by side; while one that must be alone goes on, those that come wait. */
export function createGate() {
  let passing = 0;
  let closed: Promise<void> | undefined;
  let onEmpty: (() => void) | undefined;
  return {
    async passed<Result>(action: () => Promise<Result>): Promise<Result> {
      while (closed) await closed;
      passing += 1;
      try {
        return await action();
      } finally {
        passing -= 1;
        if (passing === 0) onEmpty?.();
      }
    },
    /** Waits for those that are under way. One at a time. */
    async closed(action: () => Promise<void>): Promise<void> {
      let open = () => {};
      closed = new Promise((resolve) => {
        open = resolve;
      });
      try {
        if (passing > 0)
          await new Promise<void>((resolve) => {
            onEmpty = resolve;
          });
        await action();
      } finally {
        onEmpty = undefined;
        closed = undefined;
        open();
      }
    },
  };
}
