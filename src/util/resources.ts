interface Closable {
  close(): Promise<void>;
}

/** What a process opens when it first needs it, and closes in reverse. */
export interface Resources {
  /** Closes this one, too. */
  keep<Resource extends Closable>(resource: Resource): Resource;
  /** A function that opens the resource when it is first called, and again where that failed. */
  lazy<Resource extends Closable>(open: () => Promise<Resource>): () => Promise<Resource>;
  /** The same, with a resource for each key. */
  lazyByKey<Resource extends Closable>(
    open: (key: string) => Promise<Resource>,
  ): (key: string) => Promise<Resource>;
  /**
   * Closes all of them, also where one fails, and those that are being opened as soon as they are. Called again, it waits
   * for the first close.
   */
  close(): Promise<void>;
}

export function createResources({ onError }: { onError: (error: Error) => void }): Resources {
  const opened: Closable[] = [];
  const opening = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;
  let isClosed = false;
  const keep: Resources['keep'] = (resource) => {
    opened.push(resource);
    if (isClosed) void closeOpened();
    return resource;
  };
  const lazyByKey: Resources['lazyByKey'] = (open) => {
    const byKey = new Map<string, ReturnType<typeof open>>();
    return (key) => {
      const known = byKey.get(key);
      if (known) return known;
      const begun = open(key).then(keep);
      byKey.set(key, begun);
      opening.add(begun);
      begun.then(
        () => opening.delete(begun),
        () => opening.delete(begun) && byKey.delete(key),
      );
      return begun;
    };
  };
  const closeOpened = async () => {
    for (const resource of opened.splice(0).reverse()) await resource.close().catch(onError);
  };
  const closeAll = async () => {
    while (opening.size > 0) await Promise.allSettled(opening);
    isClosed = true;
    await closeOpened();
  };
  return {
    keep,
    lazyByKey,
    lazy(open) {
      const openOnly = lazyByKey(open);
      return () => openOnly('');
    },
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}
