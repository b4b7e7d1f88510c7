import type { AnswerContext, SuccessVariant } from './engine-server-answers.ts';
import type { FoundTemplate } from './engine-server-templates.ts';
import { type OotoEnrollDocument, readOotoIdentifyDocument } from './seed-documents.ts';

interface Success {
  readonly transactionId: string;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** The page's sample with this call's ids and only the checks that were asked for. */
export function enrollSuccess(
  {
    document,
    checks,
    ...ids
  }: {
    document: OotoEnrollDocument;
    checks: { readonly liveness: boolean; readonly deepfake: boolean };
    templateId: string;
    transactionId: string;
  },
  variant: SuccessVariant = {},
): Success {
  const { transactionId, templateId } = ids;
  const {
    face,
    templateId: _,
    ...sample
  } = structuredClone(document.success.result) as {
    face: Record<string, unknown>;
    templateId: string;
  };
  for (const check of ['liveness', 'deepfake'] as const) {
    if (variant.notFine === check) face[check] = { score: 0.01, fine: false };
    else if (!checks[check]) delete face[check];
  }
  const result: Record<string, unknown> = { ...sample, ...(!variant.noId && { templateId }), face };
  return { transactionId, result: variant.nested ? { enroll: result } : result };
}

const identifyDocument = readOotoIdentifyDocument();

/** The sample of the page of `/identify` with what was found; both fields are absent where that is nothing. */
export function identifySuccess(
  { transactionId, found }: { transactionId: string; found: FoundTemplate | undefined },
  variant: SuccessVariant = {},
): Success {
  const { templateId: _id, similarity: _similarity, face } = identifyDocument.success.result;
  if (variant.nested) return { transactionId, result: { search: { ...found }, face } };
  if (variant.noId) return { transactionId, result: { similarity: found?.similarity, face } };
  const match = found && variant.otherId ? { ...found, templateId: transactionId } : found;
  return { transactionId, result: { ...match, face } };
}

/** The page's error body with a code, documented or not. */
export function errorFor({
  document,
  transactionId,
}: {
  document: OotoEnrollDocument;
  transactionId: string;
}): AnswerContext['errorOf'] {
  return (code, words) => {
    const info = words ?? document.codes.get(Number(code)) ?? 'something that the page does not name';
    const result = { ...document.error.result, code: Number(code), info };
    return { status: 400, body: { transactionId, result } };
  };
}
