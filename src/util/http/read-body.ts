import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';

/** Names in lower case. */
export type ReplyHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** The text of a body, or why there is none: to be said after "the reply". */
export type BodyText =
  | { readonly text: string }
  | { readonly unread: 'is too long' | 'is compressed and cannot be unpacked' };

export const tooLong: BodyText = { unread: 'is too long' };

/**
 * The text of a whole body. It may be compressed though nobody asked (gzip, deflate, br, also one in another): each
 * step is unpacked up to the limit alone, so that a bomb costs no more memory than a long body. A header that names
 * a compression that is not there (a proxy unpacked it and kept the header) is overruled by a body that is no such data.
 */
export function readBody(
  bytes: Buffer,
  { headers, limitInBytes }: { headers: ReplyHeaders; limitInBytes: number },
): BodyText {
  const packings = listOf(headers['content-encoding']).reverse();
  if (packings.length > mostPackings) return { unread: 'is compressed and cannot be unpacked' };
  let body = bytes;
  for (const packing of packings) {
    const unpacked = unpack(body, packing, limitInBytes);
    if (unpacked === 'too long') return tooLong;
    if (unpacked) body = unpacked;
    else if (!isPlain(body)) return { unread: 'is compressed and cannot be unpacked' };
  }
  return { text: decode(body, headers['content-type']) };
}

const mostPackings = 3;

/** undefined: not packed like that. */
function unpack(body: Buffer, packing: string, maxOutputLength: number): Buffer | 'too long' | undefined {
  if (packing === 'identity' || packing === '' || body.length === 0) return body;
  for (const unpackNow of unpackers[packing] ?? []) {
    try {
      return unpackNow(body, { maxOutputLength });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return 'too long';
    }
  }
  return undefined;
}

type Unpack = (body: Buffer, options: { maxOutputLength: number }) => Buffer;

/** Some servers send raw deflate data for "deflate". */
const unpackers: Readonly<Record<string, readonly Unpack[]>> = Object.assign(Object.create(null), {
  gzip: [gunzipSync],
  'x-gzip': [gunzipSync],
  deflate: [inflateSync, inflateRawSync],
  br: [brotliDecompressSync],
});

/** JSON or a web page. */
const isPlain = (body: Buffer) => /^\s*[{[<"]/.test(body.subarray(0, 100).toString('latin1'));

/** By the charset that the type names, else as UTF-8; a byte order mark is no part of the text, nor is padding of NULs. */
function decode(body: Buffer, contentType: string | string[] | undefined): string {
  return withoutPadding(decoderOf(body, contentType).decode(body));
}

/** Not by a pattern: `\0+$` tries every NUL of a long row that something follows as a beginning, which takes minutes. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

function decoderOf(
  body: Buffer,
  contentType: string | string[] | undefined,
): InstanceType<typeof TextDecoder> {
  const named = /charset\s*=\s*"?([\w:.-]{1,40})/i.exec(listOf(contentType).join(','))?.[1];
  const mark = body.subarray(0, 2).toString('hex');
  const charset = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : named;
  try {
    return new TextDecoder(charset ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
}

const listOf = (header: string | string[] | undefined) =>
  [header ?? []].flat().flatMap((value) => value.split(',').map((part) => part.trim().toLowerCase()));
