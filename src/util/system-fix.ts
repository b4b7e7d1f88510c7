/**
 * What to do where the system refuses a process something, whatever that was for; undefined: that depends. By `errno` code;
 * without a full stop.
 */
export const systemFixOf = (code: string | undefined): string | undefined => fixes[code ?? ''];

const fixes: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room',
  EDQUOT: 'The disk quota is used up: make room',
  EFBIG: 'No file may be larger here: allow larger ones (ulimit -f)',
  EMFILE: 'This process may open no more files: allow it more (ulimit -n), or lower --concurrency',
  ENFILE: 'This machine has too many files open: wait until it has fewer',
  ENOMEM: 'The memory of this machine is used up: leave it more, or lower --concurrency',
  EAGAIN: 'This user may start no more processes or threads: allow more (ulimit -u)',
  EIO: 'The disk does not read or write any more: look into the log of the system',
};
