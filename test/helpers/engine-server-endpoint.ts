import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type AnswerContext,
  playStep,
  resetConnection,
  sendError,
  sendJson,
} from './engine-server-answers.ts';
import type { ServerCall } from './engine-server-calls.ts';
import { readDeletion, templateNotFound } from './engine-server-deletion.ts';
import { type ReceivedForm, readForm } from './engine-server-form.ts';
import { createEndpointFrame, type FrameOptions } from './engine-server-frame.ts';
import type { Step } from './engine-server-script.ts';
import { looksLike, readPerson, readTag } from './engine-server-tag.ts';
import { enrollSuccess, errorFor, identifySuccess } from './ooto-answers.ts';
import { readOotoEnrollDocument } from './seed-documents.ts';

/** OOTO's `/add`, `/identify` and `/delete` as its pages have them, with scripts on top; knows nothing of listening. */
export function createEnrollEndpoint(options: FrameOptions) {
  const document = readOotoEnrollDocument();
  const frame = createEndpointFrame({ ...options, headers: document.headers });
  const { templates, scripts, settings, next, answerLater, isAllowed } = frame;

  /**
   * `/add` and `/identify`: the documented refusals, else the script's answer. In a photo's tag the script of `/identify`
   * stands behind an `@`; for a template id or a SHA-256 none is set for it.
   */
  const judge = async (call: ServerCall, response: ServerResponse, form: ReceivedForm, early?: Step) => {
    const { photo } = form;
    const isAdd = !call.path.includes('/identify');
    const photoSha256 = call.photoSha256 ?? '';
    const subject = isAdd ? (call.templateId ?? photoSha256) : `identify ${photoSha256}`;
    const transactionId = randomUUID();
    const context = { document, response, transactionId, errorOf: errorFor({ document, transactionId }) };
    const checks = { liveness: asks(call, 'liveness'), deepfake: asks(call, 'deepfake') };
    const face = { photoSha256, person: (photo && readPerson(photo.bytes)) ?? photoSha256 };
    const enroll: AnswerContext['succeed'] = (variant = {}) => {
      const sent = call.templateId ?? randomUUID();
      const templateId = variant.otherId ? context.transactionId : sent;
      const ids = [...templates.all.keys()];
      templates.store(templateId, face);
      const shown = (variant.idOf && ids.at(variant.idOf === 'first' ? 0 : -1)) ?? templateId;
      return enrollSuccess({ ...context, checks, templateId: shown }, variant);
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
    if (photo === undefined) return sendError('1', context);
    if (!['image/jpeg', 'image/png'].includes(photo.mimeType)) return sendError('2', context);
    if (photo.bytes.length === 0) return sendError('3', context);
    if (!looksLike(photo.bytes, photo.mimeType)) return sendError('4', context);
    const tag = scriptIn(photo.bytes, isAdd);
    return play(isAdd ? (scripts.get(subject) ?? scripts.get(photoSha256) ?? tag) : tag);
  };

  /** `/delete`. A script for it is set for `delete <template id>`. */
  const erase = async (call: ServerCall, request: IncomingMessage, response: ServerResponse) => {
    const { templateId, violations } = await readDeletion(request);
    call.violations = violations;
    if (templateId !== undefined) call.templateId = templateId;
    await answerLater();
    const transactionId = randomUUID();
    const errorOf = errorFor({ document, transactionId });
    const context = { response, transactionId, errorOf, credentials: settings.credentials };
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

  return {
    basePath: document.basePath,
    calls: frame.calls,
    templates: templates.all,
    putTemplate: templates.put,
    scripts,
    settings,
    kept: frame.kept,
    reset: frame.reset,
    handle: async (request: IncomingMessage, response: ServerResponse) => {
      const call = frame.record(request, response);
      const path = call.path.split('?')[0];
      if (path === `${document.basePath}/delete`) return erase(call, request, response);
      const isAdd = path === document.basePath + document.endpoint;
      if (!isAdd && path !== `${document.basePath}/identify`) {
        request.resume();
        return sendJson(response, 404, { message: 'made up: no such path' });
      }
      const { early, isReset } = await frame.beforeBody(call, request, (start) => scriptIn(start, isAdd));
      if (isReset) return resetConnection(response);
      const form = await readForm(request);
      noteForm(call, form);
      if (form.photo) frame.kept.photos?.set(call.photoSha256 ?? '', form.photo.bytes);
      if (!isAdd && call.templateId !== undefined) call.violations = [...call.violations, 'field templateId'];
      await answerLater();
      await judge(call, response, form, early);
    },
  };
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
