import { createHash } from 'node:crypto';

/** Whose templates: those of one language and one app id are one store of their own. The app id cannot be read back. */
export function ownerOf(language: 'ooto' | 'verihubs', appId: string): string {
  return createHash('sha256').update(`${language}\n${appId}`).digest('hex').slice(0, 16);
}
