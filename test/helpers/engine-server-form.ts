import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';

export interface ReceivedForm {
  readonly photo?: { readonly bytes: Buffer; readonly mimeType: string; readonly filename: string };
  readonly fields: Readonly<Record<string, string>>;
  /** What the page does not know of: other fields, a second photo, a form that cannot be read. */
  readonly violations: readonly string[];
}

/** Takes a multipart body apart with a parser that the program does not use. */
export async function readForm(request: IncomingMessage): Promise<ReceivedForm> {
  const fields: Record<string, string> = {};
  const violations: string[] = [];
  let photo: ReceivedForm['photo'];
  await new Promise<void>((resolve) => {
    const fail = (error: Error) => {
      violations.push(error.message);
      request.resume();
      resolve();
    };
    try {
      const parser = busboy({ headers: { ...request.headers }, limits: { fileSize: 64 * 1024 * 1024 } });
      parser.on('field', (name, value) => {
        if (name !== 'templateId' || name in fields) violations.push(`field ${name}`);
        fields[name] = value;
      });
      parser.on('file', (name, stream, { mimeType, filename }) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          if (name !== 'photo' || photo !== undefined) violations.push(`file ${name}`);
          photo = { bytes: Buffer.concat(chunks), mimeType, filename: filename ?? '' };
        });
      });
      parser.on('error', (error) => fail(error as Error));
      parser.on('close', resolve);
      request.on('error', fail);
      request.on('close', resolve);
      request.pipe(parser);
    } catch (error) {
      fail(error as Error);
    }
  });
  return { ...(photo === undefined ? {} : { photo }), fields, violations };
}
