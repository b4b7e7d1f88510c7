import { z } from 'zod';
import type { VerihubsErrorCode } from '../verihubs-codes.ts';

/** The body of `POST /v1/face/enroll`, checked as the page says. */
export interface EnrollPayload {
  readonly image: { readonly base64: Buffer } | { readonly address: string };
  readonly subjectId: string | undefined;
  readonly isQuality: boolean;
  readonly isAttribute: boolean;
  readonly isLiveness: boolean;
  readonly validateQuality: boolean;
  readonly validateNface: boolean;
}

/** "JPEG, JPG, PNG; 5 MB at most". */
export const maxImageSizeInBytes = 5_000_000;

const flag = (fallback: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? fallback);

/** The page's defaults; `is_liveness` is false on the page and true on another, false here. */
const flagsSchema = z.object({
  is_quality: flag(true),
  is_attribute: flag(true),
  is_liveness: flag(false),
  validate_quality: flag(false),
  validate_attribute: flag(false),
  validate_liveness: flag(false),
  validate_nface: flag(false),
});

/** A code of the page where something is wrong. */
export function readEnrollPayload(body: unknown): EnrollPayload | VerihubsErrorCode {
  if (!isRecord(body) || Object.keys(body).length === 0) return 'INVALID_PAYLOAD';
  if (Object.values(body).filter((value) => value === '').length > 1) return 'INVALID_PAYLOAD';
  const flags = flagsSchema.safeParse(body).data;
  const { image, subject_id: subjectId } = body;
  if (flags === undefined) return 'INVALID_PAYLOAD';
  if (image === undefined || image === null) return 'MISSING_PAYLOAD_IMAGE';
  if (typeof image !== 'string' || image === '') return 'INVALID_PAYLOAD_IMAGE_MISSING';
  if (subjectId === '') return 'INVALID_PAYLOAD_SUBJECT_ID_MISSING';
  if (subjectId !== undefined && subjectId !== null && typeof subjectId !== 'string')
    return 'INVALID_PAYLOAD';
  const broken = brokenDependency(flags);
  if (broken !== undefined) return broken;
  const read = readImage(image);
  if (typeof read === 'string') return read;
  return {
    image: read,
    subjectId: subjectId ?? undefined,
    isQuality: flags.is_quality,
    isAttribute: flags.is_attribute,
    isLiveness: flags.is_liveness,
    validateQuality: flags.validate_quality,
    validateNface: flags.validate_nface,
  };
}

function brokenDependency(flags: z.infer<typeof flagsSchema>): VerihubsErrorCode | undefined {
  if (flags.validate_quality && !flags.is_quality) return 'INVALID_PAYLOAD_QUALITY_VALIDATION_DEPENDENCY';
  if (flags.validate_attribute && !flags.is_attribute)
    return 'INVALID_PAYLOAD_ATTRIBUTE_VALIDATION_DEPENDENCY';
  if (flags.validate_liveness && !flags.is_liveness) return 'INVALID_PAYLOAD_LIVENESS_VALIDATION_DEPENDENCY';
  return undefined;
}

function readImage(image: string): EnrollPayload['image'] | VerihubsErrorCode {
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(image))
    return URL.canParse(image) ? { address: image } : 'INVALID_PAYLOAD_IMAGE_MISSING';
  if (image.length * 0.75 > maxImageSizeInBytes + 2) return 'INVALID_PAYLOAD_IMAGE_SIZE';
  if (image.length % 4 !== 0 || !/^[A-Za-z\d+/]+={0,2}$/.test(image)) return 'INVALID_PAYLOAD_IMAGE_MISSING';
  const base64 = Buffer.from(image, 'base64');
  return base64.length > maxImageSizeInBytes ? 'INVALID_PAYLOAD_IMAGE_SIZE' : { base64 };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
