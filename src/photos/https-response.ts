import type { Dispatcher } from 'undici';
import type { PhotoBytes, PhotoProblem } from './photo.ts';
import { permanent, tooLarge, toPhotoBytes, transient } from './photo-bytes.ts';

type Headers = Dispatcher.ResponseData['headers'];

const passingStatuses = new Set([408, 425, 429]);

/** What a status other than 200 means for the photo. */
export function problemOfStatus(status: number): PhotoProblem {
  if (status >= 500 || passingStatuses.has(status)) return transient(`was answered with ${status}`);
  if (status === 404 || status === 410) return permanent(`is not there (${status})`);
  if (status === 401 || status === 403)
    return permanent(`may not be read (${status}); has its address expired?`);
  return permanent(`was answered with ${status}`);
}

/** Where a reply sends the reader on to; undefined if it does not. */
export function redirectTarget(status: number, headers: Headers): string | undefined {
  return [301, 302, 303, 307, 308].includes(status) ? headerText(headers, 'location') : undefined;
}

/** The photo in a reply of status 200. Reading ends as soon as it is larger than allowed. */
export async function readPhotoBody(
  { headers, body }: Dispatcher.ResponseData,
  maxSizeInBytes: number,
): Promise<PhotoBytes | PhotoProblem> {
  const chunks: Buffer[] = [];
  let sizeInBytes = Number(headerText(headers, 'content-length') ?? 0);
  if (sizeInBytes <= maxSizeInBytes) {
    sizeInBytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) {
      sizeInBytes += chunk.length;
      if (sizeInBytes > maxSizeInBytes) break;
      chunks.push(chunk);
    }
  }
  if (sizeInBytes > maxSizeInBytes) {
    drop(body);
    return tooLarge(maxSizeInBytes);
  }
  return toPhotoBytes(
    Buffer.concat(chunks),
    headerText(headers, 'etag') ?? headerText(headers, 'last-modified'),
  );
}

/** Ends a body that is not read. */
export function drop(body: Dispatcher.ResponseData['body']): void {
  body.on('error', () => undefined);
  body.destroy();
}

function headerText(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
