/** A server's URL as it may be shown: without its password. */
export function withoutPassword(url: string): string {
  try {
    const shown = new URL(url);
    if (shown.password !== '') shown.password = '***';
    if (shown.searchParams.has('password')) shown.searchParams.set('password', '***');
    return shown.href;
  } catch {
    return '(not a URL)';
  }
}
