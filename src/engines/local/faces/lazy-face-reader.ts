import type { FaceReader } from './face-reader.ts';

/** Loads the models with the first photo: who only deletes, or enrolls nothing new tonight, needs none. */
export function createLazyFaceReader(create: () => Promise<FaceReader>): FaceReader {
  let reader: Promise<FaceReader> | undefined;
  const open = () => {
    reader ??= create().catch((error) => {
      reader = undefined;
      throw error;
    });
    return reader;
  };
  return {
    async read(photo, signal) {
      const opened = await open();
      return opened.read(photo, signal);
    },
    async close() {
      const opened = await reader?.catch(() => undefined);
      await opened?.close();
    },
  };
}
