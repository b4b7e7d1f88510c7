import { z } from 'zod';
import { readRunRecord } from '../../records/run-record.ts';
import { createPictures, TooManyPicturesError } from '../../runs/report/pictures.ts';
import { pictureParams, pictureQuery } from '../api/decisions.ts';
import type { Routes } from '../context.ts';
import { ProblemError } from '../problem.ts';

/** Pictures of the photos that runs list. Whatever is wrong with one, the answer is the same: it tells nothing of files. */
export const pictureRoutes: Routes = (context) => async (app) => {
  const { rollcall } = context;
  const pictures = createPictures(rollcall);
  app.get(
    '/runs/:id/lines/:seq/picture',
    {
      schema: {
        summary: 'A small picture of a photo, without metadata; 404 where there is none to be shown',
        params: pictureParams,
        querystring: pictureQuery,
        response: {
          200: z.instanceof(Buffer).describe('image/jpeg').meta({ type: 'string', format: 'binary' }),
        },
      },
    },
    async ({ params: { id, seq }, query: { size } }, reply) => {
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      const signal = AbortSignal.any([gone.signal, context.signal]);
      const picture = await pictureOf(id, { seq, sideInPixels: Number(size) }, signal);
      if (!picture) throw new ProblemError(404, 'no-picture', 'no picture');
      return reply.type('image/jpeg').send(picture as never);
    },
  );

  async function pictureOf(id: string, photo: { seq: number; sideInPixels: number }, signal: AbortSignal) {
    try {
      const record = await readRunRecord(rollcall.state, id);
      return record && (await pictures.make(record, photo, signal));
    } catch (error) {
      if (error instanceof TooManyPicturesError)
        throw new ProblemError(503, 'too-many-pictures', 'Too many pictures are asked for at once.');
      rollcall.log.debug({ run: id, seq: photo.seq, reason: (error as Error).name }, 'no picture was made');
      return undefined;
    }
  }
};
