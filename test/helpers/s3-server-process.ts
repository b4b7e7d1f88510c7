import { buildApp } from 'fauxqs';
import { type ListQuery, listObjectsV2, type StoredObject, sortObjects } from './s3-server-listing.ts';

/**
 * A store (fauxqs) as a process of its own. Prints its address as the first line; ends on SIGTERM, or when its stdin
 * does, so that it does not outlive who started it. Everything it holds is in memory.
 */
interface Store {
  readonly buckets: Map<string, Map<string, StoredObject>>;
}

const { S3Store } = (await import(new URL('s3/s3Store.js', import.meta.resolve('fauxqs')).href)) as {
  S3Store: new () => Store;
};

/** The sorted list is kept until the bucket is written to. */
class SortedStore extends S3Store {
  readonly #sorted = new Map<string, StoredObject[]>();
  readonly #watched = new WeakSet<Map<string, StoredObject>>();

  sorted(bucket: string): StoredObject[] | undefined {
    const objects = this.buckets.get(bucket);
    if (objects === undefined) return undefined;
    if (!this.#watched.has(objects)) this.#watch(bucket, objects);
    const sorted = this.#sorted.get(bucket) ?? sortObjects(objects.values());
    this.#sorted.set(bucket, sorted);
    return sorted;
  }

  #watch(bucket: string, objects: Map<string, StoredObject>): void {
    const forget = () => this.#sorted.delete(bucket);
    for (const name of ['set', 'delete', 'clear'] as const) {
      const original = objects[name].bind(objects) as (...values: unknown[]) => unknown;
      Object.assign(objects, {
        [name]: (...values: unknown[]) => {
          forget();
          return original(...values);
        },
      });
    }
    forget();
    this.#watched.add(objects);
  }
}

const store = new SortedStore();
type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;
const app = buildApp({ logger: false, stores: { s3Store: store } as unknown as Stores });
app.addHook('onRequest', async (request, reply) => {
  const query = request.query as ListQuery & { 'list-type'?: string };
  const [, bucket = ''] = /^\/([^/?]+)\/?(?:\?|$)/.exec(request.raw.url ?? '') ?? [];
  const sorted = store.sorted(bucket);
  if (request.method !== 'GET' || query['list-type'] !== '2' || sorted === undefined) return;
  return reply.type('application/xml').send(listObjectsV2(bucket, sorted, query));
});
const address = await app.listen({ port: 0, host: '127.0.0.1' });
process.stdout.write(`${address}\n`);
const stop = () => app.close().finally(() => process.exit(0));
process.on('SIGTERM', stop);
process.stdin.on('end', stop).resume();
