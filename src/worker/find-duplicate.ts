import { identifyPhoto } from './identify-photo.ts';
import { isSameTemplate } from './judge-identification.ts';
import { type Judgement, rejectedOutcome, spentOutcome } from './judge-reply.ts';
import type { PhotoTask } from './photo-task.ts';

/**
 * Asks whether the person is there under another template; undefined: the photo may be enrolled. Its own template is no
 * duplicate: it may have been enrolled earlier, or by a call whose reply was lost.
 */
export async function findDuplicate(
  photo: PhotoTask,
): Promise<Exclude<Judgement, { kind: 'call-again' }> | undefined> {
  const { templateId, context } = photo;
  while (true) {
    const found = await identifyPhoto(photo);
    const { tries } = photo;
    switch (found.kind) {
      case 'call-again':
        continue;
      case 'try-later':
        return found;
      case 'rejected':
        return { kind: 'outcome', outcome: rejectedOutcome({ ...found, stored: 'no' }, tries) };
      case 'spent': {
        const message = `identification: ${found.reply.message}`;
        return { kind: 'outcome', outcome: spentOutcome({ ...found.reply, message }, tries, templateId) };
      }
      case 'identified': {
        const { match, transactionId } = found;
        const isThere = match && match.similarity >= context.settings.threshold;
        if (!isThere || isSameTemplate(match.templateId, templateId)) return undefined;
        return {
          kind: 'outcome',
          outcome: {
            status: 'duplicate',
            stored: tries.storedUnknown ? 'unknown' : 'no',
            ...(tries.storedUnknown && { templateId }),
            ...(transactionId !== undefined && { transactionId }),
            match,
          },
        };
      }
    }
  }
}
