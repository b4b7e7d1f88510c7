/** An answer of the engine server (see engine-server-script.ts), and what becomes of the photo after one attempt. */
export interface BadReply {
  readonly script: string;
  readonly status: 'enrolled' | 'rejected' | 'failed';
  readonly stored: 'yes' | 'no' | 'unknown';
  readonly kind?: 'rejected' | 'unavailable';
}

const unreadable = { status: 'failed', stored: 'unknown', kind: 'unavailable' } as const;
const verdict = { status: 'rejected', stored: 'no', kind: 'rejected' } as const;

/** Good ones in between: twenty unreadable replies in a row would be an engine that is down. */
export const badReplies: readonly BadReply[] = [
  { script: 'huge', ...unreadable },
  { script: 'endless', ...unreadable },
  { script: 'dribble', ...unreadable },
  { script: 'ok#1', status: 'enrolled', stored: 'yes' },
  { script: 'cut-json', ...unreadable },
  { script: 'cut-length', ...unreadable },
  { script: 'no-json', ...unreadable },
  { script: 'ok#2', status: 'enrolled', stored: 'yes' },
  { script: 'ok-no-id', ...unreadable },
  { script: 'html-502', ...unreadable },
  { script: 'html-400', ...unreadable },
  { script: 'ok#3', status: 'enrolled', stored: 'yes' },
  { script: 'accepted', ...unreadable },
  { script: 'deep', ...unreadable },
  { script: 'nuls', ...unreadable },
  { script: 'ok#4', status: 'enrolled', stored: 'yes' },
  { script: 'reset-after', ...unreadable },
  { script: 'silent', ...unreadable },
  { script: 'ok-code-5', ...verdict },
  { script: 'code-4711', ...verdict },
  { script: 'echo', ...verdict },
  { script: 'ok-other-id', status: 'enrolled', stored: 'yes' },
];
