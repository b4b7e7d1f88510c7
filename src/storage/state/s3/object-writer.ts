import type { StateWriter } from '../state-store.ts';
import type { StateObjects, Upload } from './state-objects.ts';

/** S3 takes 10,000 parts: 80 GB. */
const partSizeInBytes = 8 * 1024 * 1024;

/** A large object, whole or not at all: in parts as it grows, by one request if it stays small. */
export function openObjectWriter(
  objects: StateObjects,
  key: string,
): StateWriter & { write(content: string | Uint8Array): Promise<void> } {
  let pending: Uint8Array[] = [];
  let pendingSizeInBytes = 0;
  let upload: Upload | undefined;
  let isOver = false;
  const take = () => {
    const bytes = Buffer.concat(pending);
    pending = [];
    pendingSizeInBytes = 0;
    return bytes;
  };
  const flush = async () => {
    const bytes = take();
    let sent = 0;
    for (; bytes.length - sent >= partSizeInBytes; sent += partSizeInBytes) {
      upload ??= await objects.startUpload(key);
      await upload.add(bytes.subarray(sent, sent + partSizeInBytes));
    }
    if (sent < bytes.length) {
      pending = [bytes.subarray(sent)];
      pendingSizeInBytes = bytes.length - sent;
    }
  };
  return {
    async write(content) {
      const bytes = typeof content === 'string' ? Buffer.from(content) : content;
      pending.push(bytes);
      pendingSizeInBytes += bytes.length;
      if (pendingSizeInBytes >= partSizeInBytes) await flush();
    },
    async commit() {
      const rest = take();
      if (!upload) await objects.put(key, rest);
      else {
        if (rest.length > 0) await upload.add(rest);
        await upload.complete();
      }
      isOver = true;
    },
    async discard() {
      if (isOver) return;
      isOver = true;
      take();
      // What cannot be aborted is swept away by the bucket's rule for parts that were left behind.
      await upload?.abort().catch(() => {});
    },
  };
}
