/** Text without its percent-encoding; as it is where it was not encoded: a password may hold a per cent sign. */
export function decodeSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
