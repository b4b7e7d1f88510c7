import type { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyPluginCallback } from 'fastify';
import { shownJob } from './shown-job.ts';

export const boardPath = '/queues';
export const boardPackages = '@bull-board/api@9 @bull-board/fastify@9';

export interface Board {
  readonly routes: FastifyPluginCallback<{ prefix?: string }>;
  /** Shows these queues from now on, and no others. */
  show(queues: readonly object[]): void;
}

type BoardQueue = InstanceType<typeof import('@bull-board/api/bullMQAdapter').BullMQAdapter>;

/** bull-board, read-only; undefined where its packages, which are optional, are not installed. */
export async function openBoard(): Promise<Board | undefined> {
  const packages = await loadPackages();
  if (!packages) return undefined;
  const { createBullBoard, BullMQAdapter, FastifyAdapter } = packages;
  const adapters = new WeakMap<object, BoardQueue>();
  const adapterOf = (queue: object) => {
    const adapter =
      adapters.get(queue) ?? onlyNumbers(new BullMQAdapter(queue as Queue, { readOnlyMode: true }));
    adapters.set(queue, adapter);
    return adapter;
  };
  const serverAdapter = onlyReading(new FastifyAdapter());
  serverAdapter.setBasePath(boardPath);
  const board = createBullBoard({
    queues: [],
    // Its package may have brought another version of the same types.
    serverAdapter: serverAdapter as never,
    options: {
      uiConfig: {
        ...{ boardTitle: 'Queues of rollcall', hideDocsLink: true, hideRedisDetails: true },
        ...{ showWorkers: false, miscLinks: [{ text: 'rollcall', url: '/' }] },
      },
    },
  });
  return {
    routes: serverAdapter.registerPlugin(),
    show: (queues) => board.replaceQueues(queues.map(adapterOf)),
  };
}

async function loadPackages() {
  try {
    const [{ createBullBoard }, { BullMQAdapter }, { FastifyAdapter }] = await Promise.all([
      import('@bull-board/api'),
      import('@bull-board/api/bullMQAdapter'),
      import('@bull-board/fastify'),
    ]);
    return { createBullBoard, BullMQAdapter, FastifyAdapter };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A board's queue that gives of its jobs what may be shown, and of what hangs on them nothing. */
function onlyNumbers(queue: BoardQueue): BoardQueue {
  type Job = NonNullable<Awaited<ReturnType<BoardQueue['getJob']>>>;
  const reduced = <Given extends Job | undefined>(job: Given): Given => {
    if (!job) return job;
    const whole = job.toJSON.bind(job);
    return Object.assign(job, { toJSON: () => shownJob({ ...whole() }) });
  };
  const getJob = queue.getJob.bind(queue);
  const getJobs = queue.getJobs.bind(queue);
  return Object.assign(queue, {
    getJob: async (id: string) => reduced(await getJob(id)),
    getJobs: async (...which: Parameters<BoardQueue['getJobs']>) => (await getJobs(...which)).map(reduced),
    getJobLogs: async () => [],
    getJobSchedulers: async () => [],
    getJobSchedulersCount: async () => 0,
    getWorkers: async () => null,
    getFlowProducer: async () => null,
    getRedisInfo: async () => null,
    getDatastoreStats: async () => null,
  });
}

/** Without the routes that change anything; what goes wrong is answered as everywhere else. */
function onlyReading(adapter: FastifyAdapter): FastifyAdapter {
  const setApiRoutes = adapter.setApiRoutes.bind(adapter);
  const setErrorHandler = adapter.setErrorHandler.bind(adapter);
  adapter.setApiRoutes = (routes) => setApiRoutes(routes.filter(({ method }) => method === 'get'));
  adapter.setErrorHandler = () =>
    setErrorHandler((error) => {
      throw error;
    });
  return adapter;
}
