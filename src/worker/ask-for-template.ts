import type { Engine, IdentifyReply } from '../engines/engine.ts';
import { identifyPhoto } from './identify-photo.ts';
import { identificationFailed, type Judgement, spentOutcome } from './judge-reply.ts';
import type { PhotoTask } from './photo-task.ts';
import { putInDoubt } from './settle-refusal.ts';

/**
 * Asks, before the first call that may store the photo, whether the engine holds a template under its id, and keeps the
 * answer in its tries. Undefined: it was asked, or nobody can tell any more.
 */
export async function askForTemplate(
  photo: PhotoTask,
): Promise<Exclude<Judgement, { kind: 'call-again' }> | undefined> {
  const { context, templateId } = photo;
  const engine = comparing(context.engine, templateId);
  while (photo.tries.held === undefined && !photo.tries.storedUnknown) {
    const asking = { ...photo, context: { ...context, engine } };
    const found = await identifyPhoto(asking);
    photo.tries = asking.tries;
    switch (found.kind) {
      case 'call-again':
        continue;
      case 'try-later':
        return found;
      case 'refused':
        return putInDoubt(photo, found.reply, 'identify');
      case 'spent': {
        const message = identificationFailed(found.reply.message);
        return {
          kind: 'outcome',
          outcome: spentOutcome({ ...found.reply, message }, photo.tries, templateId),
        };
      }
      case 'rejected':
        // What the engine will not compare, it will hardly enroll.
        photo.tries = { ...photo.tries, held: 'unknown' };
        return undefined;
      case 'identified':
        photo.tries = { ...photo.tries, held: found.match ? 'some' : 'none' };
    }
  }
  return undefined;
}

/** An engine whose identification looks at one template only: a match says that it is there, whomever it shows. */
function comparing(engine: Engine, templateId: string): Engine {
  return {
    ...engine,
    async identify(request): Promise<IdentifyReply> {
      if (!engine.verify) throw new Error(`the engine ${engine.name} has no verification`);
      const reply = await engine.verify({ ...request, templateId });
      if (reply.kind !== 'verified') return reply;
      const { kind: _, result, similarity = 0, ...said } = reply;
      const match = result === 'no-template' ? undefined : { templateId, similarity };
      return { kind: 'identified', ...said, ...(match && { match }) };
    },
  };
}
