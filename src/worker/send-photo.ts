import type { Engine, EngineReply, EnrollRequest } from '../engines/engine.ts';
import type { ReadyPhoto } from './fetch-photo.ts';

/** One call that enrolls a photo, by its bytes or by its address. */
export async function sendPhoto(
  engine: Engine,
  { bytes, format, openAddress }: ReadyPhoto,
  request: Omit<EnrollRequest, 'photo' | 'format'>,
): Promise<EngineReply> {
  if (!openAddress) return engine.enroll({ ...request, photo: bytes, format });
  if (!engine.enrollAddress) throw new Error(`the engine ${engine.name} takes no addresses`);
  const opened = await openAddress();
  // It could be made a moment ago: credentials for the store that ran out meanwhile come again.
  if ('problem' in opened) return { kind: 'unavailable', message: opened.problem, sent: false };
  return engine.enrollAddress({ ...request, address: opened.url });
}
