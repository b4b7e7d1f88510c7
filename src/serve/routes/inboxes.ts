import multipart from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import { createByteBudget } from '../../photos/byte-budget.ts';
import { readInbox } from '../../records/inbox/inbox.ts';
import { readRunRecord } from '../../records/run-record.ts';
import { InboxError } from '../../runs/inbox/inbox-error.ts';
import { type ListedInbox, listInboxes } from '../../runs/inbox/list-inboxes.ts';
import { lookAtInbox } from '../../runs/inbox/look-at-inbox.ts';
import type { TakenPhoto } from '../../runs/inbox/plan.ts';
import { inboxOf } from '../../sources/inbox/inbox-source.ts';
import {
  inboxBody,
  inboxHeaders,
  inboxListSchema,
  inboxOutcomeSchema,
  inboxParams,
  inboxPhotoParams,
  inboxPhotoQuery,
  inboxPhotoSchema,
  inboxPhotosSchema,
  takenAnswer,
} from '../api/inboxes.ts';
import { queueOf, type Routes } from '../context.ts';
import { inboxProblem } from '../inbox-problem.ts';
import { ProblemError } from '../problem.ts';
import { formLimits, readForm } from '../read-form.ts';
import { allowedPhoto } from '../security/allowed-places.ts';

const largestListInBytes = 8 * 1024 * 1024;
/** For the pictures that are in memory at a time; others wait, and are not read from their connection until then. */
const picturesInBytes = 192 * 1024 * 1024;
/** A client that hears nothing for longer asks again. */
const longestInMs = 30_000;

/** Photos that services give, one by one; what became of them. */
export const inboxRoutes: Routes = (context) => async (app) => {
  const { rollcall, lines, signal } = context;
  const { state } = rollcall;
  const memory = createByteBudget(picturesInBytes);
  await app.register(multipart, { limits: formLimits });

  app.get(
    '/inboxes',
    { schema: { summary: 'Inboxes, by name', response: { 200: inboxListSchema } } },
    async () => ({ inboxes: (await listInboxes(state)).map(viewOf) }),
  );

  app.post(
    '/inboxes/:name/photos',
    {
      bodyLimit: Math.max(largestListInBytes, formLimits.fileSize + 1024 * 1024),
      schema: {
        summary: 'Take photos in: all that are sent, or none; durable when it is answered',
        description:
          'JSON: a photo by its place, or up to 1,000 of them. Or multipart/form-data: the fields subjectId, templateId, ' +
          'version and metadata (JSON), and the picture itself as the file `picture`, kept until its outcome. Answered ' +
          '429 while too many wait, 503 where state or queue are away: both with Retry-After, and to be sent again with ' +
          'the same Idempotency-Key.',
        consumes: ['application/json', 'multipart/form-data'],
        params: inboxParams,
        headers: inboxHeaders,
        body: inboxBody,
        response: { 202: takenAnswer },
      },
      // Of a union nobody would hear which field is wrong.
      validatorCompiler: ({ schema, httpPart, ...part }) =>
        httpPart === 'body'
          ? checkBody
          : validatorCompiler({ ...part, schema: schema as unknown as z.ZodType }),
    },
    async (request, reply) => {
      const { name } = request.params;
      const key = request.headers['idempotency-key'];
      // They come as one text, which is neither.
      if ((request.raw.headersDistinct?.['idempotency-key'] ?? []).length > 1)
        throw new ProblemError(400, 'bad-request', 'Send one Idempotency-Key.');
      const until = AbortSignal.any([signal, AbortSignal.timeout(longestInMs)]);
      queueOf(context);
      const inbox = rollcall.inbox(name);
      const options = { ...(key !== undefined && { key }), signal: until };
      const take = async () => {
        if (request.isMultipart())
          return readPicture(request, until, async (picture) => answerOf(await inbox.add(picture, options)));
        const { body } = request;
        if (!body && request.headers['content-type'] !== undefined)
          throw new ProblemError(400, 'no-photo', 'There is no photo in it.');
        if (!body) throw new ProblemError(415, 'no-photo', 'Send application/json or multipart/form-data.');
        const photos = [];
        for (const photo of [body].flat()) photos.push({ ...photo, photo: await placeOf(photo.photo) });
        const [first] = photos;
        if (Array.isArray(body) || !first) return (await inbox.add(photos, options)).map(answerOf);
        return answerOf(await inbox.add(first, options));
      };
      const answer = await take().catch((error: unknown) => {
        throw until.aborted ? inboxProblem(tooLong()) : inboxProblem(error);
      });
      return reply.code(202).send(answer);
    },
  );

  app.get(
    '/inboxes/:name/photos/:seq',
    {
      schema: {
        summary: 'What became of a photo',
        params: inboxPhotoParams,
        querystring: inboxPhotoQuery,
        response: { 200: inboxOutcomeSchema },
      },
    },
    async ({ params: { name, seq }, query }) => {
      const inbox = await readInbox(state, name);
      const look = inbox && (await lookAtInbox(state, name));
      const run = query.run ?? look?.run;
      const record = run === undefined ? undefined : await readRunRecord(state, run);
      if (!record || inboxOf(record) !== name) throw noPhoto();
      const line = await lines.line(record, seq);
      if (line) return { run: record.id, seq, state: 'done' as const, line };
      const count = look?.run === run ? look?.count : (record.listed?.count ?? record.counts.listed);
      if (seq > (count ?? 0)) throw noPhoto();
      return { run: record.id, seq, state: 'waiting' as const, line: null };
    },
  );

  const placeOf = (photo: string) => {
    const { allowRoot, allowBucket } = rollcall.settings;
    return allowedPhoto(photo, { allowRoot, allowBucket, folder: rollcall.folder });
  };

  async function readPicture<Result>(
    request: FastifyRequest,
    until: AbortSignal,
    use: (picture: Awaited<ReturnType<typeof readForm>>) => Promise<Result>,
  ): Promise<Result> {
    const share = memory.open(until);
    try {
      await share.take(Number(request.headers['content-length'] ?? formLimits.fileSize));
      return await use(await readForm(request));
    } finally {
      share.release();
    }
  }
};

function checkBody(body: unknown) {
  if (body === undefined || body === null) return { value: undefined };
  const schema = Array.isArray(body) ? inboxPhotosSchema : inboxPhotoSchema;
  return validatorCompiler({ schema, method: 'POST', url: '' })(body);
}

const viewOf = ({ name, isOpen, runId, waiting, today, webhook }: ListedInbox) => ({
  ...{ name, open: isOpen, waiting, today },
  run: runId ?? null,
  ...(webhook && {
    webhook: { waiting: webhook.waiting, givenUp: webhook.givenUp, stopped: webhook.stopped },
  }),
});

const answerOf = ({ runId, seq, repeated }: TakenPhoto) => ({ run: runId, seq, repeated });

const tooLong = () =>
  new InboxError('away', 'Nothing was taken in within 30 seconds.', { retryAfterInMs: 1_000 });

const noPhoto = () => new ProblemError(404, 'no-photo', 'There is no such photo.');
