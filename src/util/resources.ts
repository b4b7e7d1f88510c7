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
  /** Closes all of them, also where one fails; called again, it waits for the first close. */
  close(): Promise<void>;
}

export function createResources({ onError }: { onError: (error: Error) => void }): Resources {
  const opened: Closable[] = [];
  let closing: Promise<void> | undefined;
  const keep: Resources['keep'] = (resource) => {
    opened.push(resource);
    return resource;
  };
  const lazyByKey: Resources['lazyByKey'] = (open) => {
    const byKey = new Map<string, ReturnType<typeof open>>();
    return (key) => {
      const known = byKey.get(key);
      if (known) return known;
      const opening = open(key).then(keep);
      byKey.set(key, opening);
      opening.catch(() => byKey.delete(key));
      return opening;
    };
  };
  const closeAll = async () => {
    for (const resource of opened.reverse()) await resource.close().catch(onError);
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
