import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AnswerContext,
  enrollSuccess,
  identifySuccess,
  playStep,
  resetConnection,
  sendError,
  sendJson,
} from './engine-server-answers.ts';
import { createSeededRandom, type ServerCall } from './engine-server-calls.ts';
import { readDeletion, templateNotFound } from './engine-server-deletion.ts';
import { type ReceivedForm, readForm } from './engine-server-form.ts';
import { type Step, stepAt } from './engine-server-script.ts';
import { looksLike, readPerson, readTag } from './engine-server-tag.ts';
import { createTemplateStore, type IndexLag } from './engine-server-templates.ts';
import { readOotoEnrollDocument } from './seed-documents.ts';

export interface Credentials {
  readonly appId: string;
  readonly appKey: string;
}

/** OOTO's `/add`, `/identify` and `/delete` as its pages have them, with scripts on top; knows nothing of listening. */
export function createEnrollEndpoint(options: {
  credentials: Credentials;
  latencyInMs: readonly [number, number];
  seed: number;
}) {
  const document = readOotoEnrollDocument();
  const random = createSeededRandom(options.seed);
  const startedAt = performance.now();
  const clock = () => performance.now() - startedAt;
  const held = watchHoldUps();
  const calls: ServerCall[] = [];
  const templates = createTemplateStore(clock);
  const scripts = new Map<string, string>();
  const played = new Map<string, number>();
  const noLag: IndexLag = { identifications: 0, inMs: 0 };
  const settings = {
    credentials: options.credentials,
    latencyInMs: options.latencyInMs,
    mode: 'normal',
    indexLag: noLag,
  };

  const next = (script: string, subject: string): Step => {
    const key = `${subject}\n${script}`;
    const index = played.get(key) ?? 0;
    played.set(key, index + 1);
    return stepAt(script, index);
  };

  /**
   * `/add` and `/identify`: the documented refusals, else the script's answer. In a photo's tag the script of `/identify`
   * stands behind an `@`; for a template id or a SHA-256 none is set for it.
   */
  const judge = async (call: ServerCall, response: ServerResponse, form: ReceivedForm, early?: Step) => {
    const { photo } = form;
    const isAdd = !call.path.includes('/identify');
    const photoSha256 = call.photoSha256 ?? '';
    const subject = isAdd ? (call.templateId ?? photoSha256) : `identify ${photoSha256}`;
    const context = { document, response, transactionId: randomUUID() };
    const checks = { liveness: asks(call, 'liveness'), deepfake: asks(call, 'deepfake') };
    const face = { photoSha256, person: (photo && readPerson(photo.bytes)) ?? photoSha256 };
    const enroll: AnswerContext['succeed'] = (variant = {}) => {
      const sent = call.templateId ?? randomUUID();
      const templateId = variant.otherId ? context.transactionId : sent;
      templates.store(templateId, face);
      return enrollSuccess({ ...context, checks, templateId }, variant);
    };
    const identify: AnswerContext['succeed'] = (variant) => {
      const found = templates.find(face, settings.indexLag);
      return identifySuccess({ ...context, found }, variant);
    };
    const play = (script: string) => {
      const step = early ?? next(script, subject);
      call.played = step.name;
      const { credentials } = settings;
      return playStep(step, { ...context, credentials, succeed: isAdd ? enroll : identify });
    };
    if (settings.mode !== 'normal') return play(settings.mode);
    if (!isAllowed(call)) return sendJson(response, 401, { message: 'made up: wrong credentials' });
    if (!isAdd && call.violations.length > 0)
      return sendJson(response, 422, { message: 'made up: not as the page has it' });
    if (photo === undefined) return sendError(1, context);
    if (!['image/jpeg', 'image/png'].includes(photo.mimeType)) return sendError(2, context);
    if (photo.bytes.length === 0) return sendError(3, context);
    if (!looksLike(photo.bytes, photo.mimeType)) return sendError(4, context);
    const tag = scriptIn(photo.bytes, isAdd);
    return play(isAdd ? (scripts.get(subject) ?? scripts.get(photoSha256) ?? tag) : tag);
  };

  /** `/delete`. A script for it is set for `delete <template id>`. */
  const erase = async (call: ServerCall, request: IncomingMessage, response: ServerResponse) => {
    const { templateId, violations } = await readDeletion(request);
    call.violations = violations;
    if (templateId !== undefined) call.templateId = templateId;
    await answerLater();
    const context = { document, response, transactionId: randomUUID(), credentials: settings.credentials };
    const play = (script: string) => {
      const step = next(script, `delete ${templateId}`);
      call.played = step.name;
      if (step.name.startsWith('ok') && !templates.all.has(templateId ?? ''))
        return sendJson(response, 400, templateNotFound(context.transactionId));
      const succeed = () => {
        templates.remove(templateId ?? '');
        return { transactionId: context.transactionId };
      };
      return playStep(step, { ...context, succeed });
    };
    if (settings.mode !== 'normal') return play(settings.mode);
    if (!isAllowed(call)) return sendJson(response, 401, { message: 'made up: wrong credentials' });
    if (violations.length > 0) return sendJson(response, 422, { message: 'made up: not as the page has it' });
    return play(scripts.get(`delete ${templateId}`) ?? 'ok');
  };

  const answerLater = async () => {
    const [least, most] = settings.latencyInMs;
    if (most > 0) await sleep(least + random() * (most - least));
  };

  const isAllowed = ({ headers }: ServerCall) => {
    const [id, key] = document.headers.map((name) => headers[name.toLowerCase()]);
    return id === settings.credentials.appId && key === settings.credentials.appKey;
  };

  return {
    document,
    calls,
    templates: templates.all,
    scripts,
    settings,
    reset: () => {
      calls.length = 0;
      settings.mode = 'normal';
      settings.indexLag = noLag;
      for (const map of [templates, scripts, played]) map.clear();
    },
    handle: async (request: IncomingMessage, response: ServerResponse) => {
      const call = recordCall({ request, response, clock, held });
      calls.push(call);
      const path = call.path.split('?')[0];
      if (path === `${document.basePath}/delete`) return erase(call, request, response);
      const isAdd = path === document.basePath + document.endpoint;
      if (!isAdd && path !== `${document.basePath}/identify`) {
        request.resume();
        return sendJson(response, 404, { message: 'made up: no such path' });
      }
      const known = settings.mode === 'normal' ? scriptIn(await peek(request), isAdd) : settings.mode;
      const early = known.includes('reset-before') ? next(known, '') : undefined;
      if (early?.name === 'reset-before') {
        call.played = early.name;
        return resetConnection(response);
      }
      const form = await readForm(request);
      noteForm(call, form);
      if (!isAdd && call.templateId !== undefined) call.violations = [...call.violations, 'field templateId'];
      await answerLater();
      await judge(call, response, form, early);
    },
  };
}

function recordCall({
  request,
  response,
  clock,
  held,
}: {
  request: IncomingMessage;
  response: ServerResponse;
  clock: () => number;
  held: () => number;
}): ServerCall {
  const { method = '', url = '/', headers } = request;
  const call: ServerCall = {
    arrivedAtInMs: clock(),
    heldInMs: held(),
    arrivedAt: new Date().toISOString(),
    method,
    path: url,
    headers,
    port: request.socket.remotePort ?? 0,
    violations: [],
  };
  const onGone = () => {
    call.abandoned = true;
  };
  for (const event of ['end', 'close']) request.socket.once(event, onGone);
  response.on('finish', () => {
    for (const event of ['end', 'close']) request.socket.off(event, onGone);
    call.status = response.statusCode;
    call.answeredAtInMs = clock();
  });
  return call;
}

/** Says for how long this process had not come to look at its sockets. */
function watchHoldUps(): () => number {
  const lookEveryInMs = 2;
  let lookedAt = performance.now();
  setInterval(() => {
    lookedAt = performance.now();
  }, lookEveryInMs).unref();
  return () => Math.max(0, performance.now() - lookedAt - lookEveryInMs);
}

function noteForm(call: ServerCall, { photo, fields, violations }: ReceivedForm): void {
  call.violations = violations;
  if (fields.templateId !== undefined) call.templateId = fields.templateId;
  if (photo === undefined) return;
  call.photoSha256 = createHash('sha256').update(photo.bytes).digest('hex');
  call.photoSizeInBytes = photo.bytes.length;
  call.photoMimeType = photo.mimeType;
  call.photoFilename = photo.filename;
}

function scriptIn(photo: Buffer, isAdd: boolean): string {
  const [forAdd, forIdentify] = (readTag(photo) ?? '').split('@');
  return (isAdd ? forAdd : forIdentify) || 'ok';
}

function asks(call: ServerCall, check: string): boolean {
  return new URL(call.path, 'http://engine').searchParams.get(`check_${check}`) === 'true';
}

/** The start of a request's body, without taking it out. */
async function peek(request: IncomingMessage): Promise<Buffer> {
  if (request.readableLength === 0 && !request.readableEnded) {
    await Promise.race([once(request, 'readable'), once(request, 'close')]).catch(() => {});
  }
  const start = request.read();
  if (!Buffer.isBuffer(start)) return Buffer.alloc(0);
  request.unshift(start);
  return start;
}
