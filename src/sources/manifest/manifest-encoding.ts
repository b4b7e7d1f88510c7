import { UsageError } from '../../util/errors.ts';

const signatures = [
  { bytes: [0xff, 0xfe], what: 'is UTF-16 text; save it as UTF-8' },
  { bytes: [0xfe, 0xff], what: 'is UTF-16 text; save it as UTF-8' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    what: 'is a workbook or archive; save it as CSV in UTF-8 (in Excel: CSV UTF-8)',
  },
  { bytes: [0x1f, 0x8b], what: 'is compressed; unpack it first' },
] as const;

/**
 * Refuses a manifest that is no UTF-8 text, by the bytes it begins with (its first line, at least four bytes where it
 * has them).
 * @throws UsageError that says what it is instead and what to do
 */
export function checkManifestEncoding(beginning: Buffer, address: string): void {
  const known = signatures.find(({ bytes }) => bytes.every((byte, index) => beginning[index] === byte));
  const what = known?.what ?? problemOfFirstLine(beginning);
  if (what !== undefined) throw new UsageError('manifest-encoding', `${address} ${what}.`);
}

function problemOfFirstLine(beginning: Buffer): string | undefined {
  const end = beginning.indexOf(0x0a);
  const line = end === -1 ? beginning : beginning.subarray(0, end);
  if (line.includes(0)) return 'is a binary file or UTF-16 text, not a manifest; save it as UTF-8 text';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(line, { stream: end === -1 });
    return undefined;
  } catch {
    return 'is not UTF-8 text; save it as UTF-8 (in Excel: CSV UTF-8)';
  }
}

/** Size of the byte order mark that a UTF-8 manifest may begin with; of two, where two programs have put one. */
export function byteOrderMarkSize(beginning: Buffer): number {
  let size = 0;
  while (beginning[size] === 0xef && beginning[size + 1] === 0xbb && beginning[size + 2] === 0xbf) size += 3;
  return size;
}
