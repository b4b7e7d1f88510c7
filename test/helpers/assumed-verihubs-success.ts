/**
 * The body of a success, assumed from clients' code (no page shows one): what was asked to be computed is in it, what was
 * not is absent.
 */
export function assumedVerihubsSuccess({
  subjectId,
  sessionId,
  fields,
  isLive,
}: {
  subjectId: string | undefined;
  sessionId: string;
  fields: Readonly<Record<string, unknown>>;
  isLive: boolean;
}): Record<string, unknown> {
  return {
    message: 'Request Success',
    ...(subjectId !== undefined && { subject_id: subjectId }),
    session_id: sessionId,
    timestamp: 1_795_305_600_000,
    bounding_box: { top_left: { x: 120, y: 80 }, bottom_right: { x: 360, y: 400 } },
    face_landmark: { left_eye: { x: 180, y: 190 }, right_eye: { x: 290, y: 188 } },
    rotation: 0,
    nface: 1,
    ...(fields.is_attribute === true && {
      attributes: { sunglasses: false, mask: false, veil: false, hat: true, age: 41, gender: 'female' },
    }),
    ...(fields.is_quality === true && { image_quality: { blur: 12.5, dark: 0.1, grayscale: false } }),
    ...(fields.is_liveness === true && {
      liveness: { status: isLive, probability: isLive ? 0.98 : 0.03 },
    }),
  };
}
