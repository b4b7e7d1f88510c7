import multipart from '@fastify/multipart';
import pLimit from 'p-limit';
import { z } from 'zod';
import { largestSizeInBytes } from '../../photos/read-photo.ts';
import { readApplications } from '../../records/decisions/applied-decisions.ts';
import { createDecisionReader } from '../../records/decisions/decision-files.ts';
import { createDecisionsCsv, toDecisionRow } from '../../records/decisions/decisions-csv.ts';
import { readDeadLetters } from '../../records/report/read-dead-letters.ts';
import { isDeadLetter, type ReportLine } from '../../records/report/report-line.ts';
import { readRunRecord } from '../../records/run-record.ts';
import { applyDecisions } from '../../runs/review/apply-decisions.ts';
import { type DeadLettersOf, describeRefused } from '../../runs/review/check-decisions.ts';
import { decide, standingOf } from '../../runs/review/decide.ts';
import { takeUpload } from '../../runs/take-upload.ts';
import {
  appliedSchema,
  type DecisionList,
  decisionListSchema,
  newDecisionsSchema,
  savedDecisionsQuery,
  savedDecisionsSchema,
  uploadSchema,
} from '../api/decisions.ts';
import { runParams } from '../api/runs.ts';
import { queueOf, type Routes } from '../context.ts';
import { findRun } from '../find-run.ts';
import { ProblemError } from '../problem.ts';
import { readParts } from '../read-parts.ts';

/** Files that are in memory at a time; others wait, and are not read from their connection until then. */
const uploadsAtOnce = 2;
const largestBodyInBytes = 8 * 1024 * 1024;

/** The review desk: what is to become of a run's dead letters. */
export const decisionRoutes: Routes = (context) => async (app) => {
  const { rollcall, views, lines, signal } = context;
  const { state } = rollcall;
  const reader = createDecisionReader(state);
  const uploads = pLimit(uploadsAtOnce);
  await app.register(multipart, { limits: { fileSize: largestSizeInBytes, files: 1, fields: 0 } });

  const deadLettersOf: DeadLettersOf = async (record, seqs) => {
    const found = new Map<number, ReportLine>();
    for (const seq of seqs) {
      const line = await lines.line(record, seq);
      if (line && isDeadLetter(line)) found.set(seq, line);
    }
    return found;
  };

  async function listOf(id: string): Promise<DecisionList> {
    const applied = (await readApplications(state, id)).map(({ run, at, photos }) => ({
      ...{ run, at },
      seqs: photos.map(({ seq }) => seq),
    }));
    return { decisions: standingOf(await reader.read(id)), applied };
  }

  app.get(
    '/runs/:id/decisions',
    { schema: { summary: 'What was decided', params: runParams, response: { 200: decisionListSchema } } },
    async ({ params: { id } }) => {
      await findRun(context, id);
      return listOf(id);
    },
  );

  app.post(
    '/runs/:id/decisions',
    {
      bodyLimit: largestBodyInBytes,
      schema: {
        summary: 'Decide: all of them or, where one cannot be, none; durable when it is answered',
        params: runParams,
        querystring: savedDecisionsQuery,
        body: newDecisionsSchema,
        response: { 201: savedDecisionsSchema },
      },
    },
    async ({ params: { id }, query: { answer }, body: { reviewer, decisions } }, reply) => {
      const asked = decisions.map(({ rotate, crop, ...one }) => {
        const isEdit = rotate !== undefined || crop !== undefined;
        return { ...one, ...(isEdit && { edit: { rotate: rotate ?? 0, ...(crop && { crop }) } }) };
      });
      const end = await decide(
        state,
        await findRun(context, id),
        { reviewer, asked },
        { reader, deadLettersOf },
      );
      if ('refused' in end) throw new ProblemError(422, 'decision', describeRefused(end.refused));
      if (answer === 'all') return reply.code(201).send(await listOf(id));
      const sent = new Set(asked.map(({ seq }) => seq));
      return reply.code(201).send({ decisions: end.decisions.filter(({ seq }) => sent.has(seq)) });
    },
  );

  app.post(
    '/runs/:id/decisions/apply',
    {
      schema: {
        summary: 'One new run of what was decided; twice is once',
        params: runParams,
        response: { 201: appliedSchema },
      },
    },
    async ({ params: { id } }, reply) => {
      const record = await findRun(context, id);
      queueOf(context);
      const { runId, sent, counts } = await applyDecisions(rollcall, record, signal);
      const made = runId === undefined ? undefined : await readRunRecord(state, runId);
      return reply.code(201).send({ run: made ? await views.view(made) : null, sent, counts });
    },
  );

  app.post(
    '/runs/:id/uploads',
    {
      bodyLimit: largestSizeInBytes + 64 * 1024,
      schema: {
        summary: 'A file to be sent in place of a photo: multipart/form-data, field photo',
        consumes: ['multipart/form-data'],
        params: runParams,
        response: { 201: uploadSchema },
      },
    },
    async (request, reply) => {
      const { id } = request.params;
      await findRun(context, id);
      if (!request.isMultipart())
        throw new ProblemError(415, 'no-multipart', 'Send multipart/form-data with the field photo.');
      const taken = await uploads(async () => {
        const { file } = await readParts(request, { file: 'photo', fields: [] });
        return takeUpload(state, id, file);
      });
      if ('problem' in taken) throw new ProblemError(422, 'no-photo', taken.problem);
      return reply.code(201).send(taken);
    },
  );

  app.get(
    '/runs/:id/decisions.csv',
    {
      schema: {
        summary: 'What was handed on, as CSV for whoever must take a new photo',
        params: runParams,
        response: { 200: z.string().describe('CSV (text/csv)') },
      },
    },
    async ({ params: { id } }, reply) => {
      const record = await findRun(context, id);
      const decisions = await reader.read(id);
      const csv = createDecisionsCsv();
      for await (const line of readDeadLetters(state, record)) {
        const decision = decisions.get(line.seq);
        if (decision?.action === 'hand-on') csv.write(toDecisionRow(line, decision));
      }
      csv.end();
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', `attachment; filename="handed-on-${id}.csv"`)
        .send(csv as never);
    },
  );
};
