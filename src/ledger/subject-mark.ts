import { hash } from 'node:crypto';

/**
 * Stands for a subject in the forget list and the erasure log: SHA-256 (64 hex digits) of the account and the id in
 * Unicode's NFC. Another account's mark of the same subject is another one. It is no secret: whoever can guess an id can
 * find out whether it was forgotten.
 */
export const subjectMark = (account: string, subjectId: string): string =>
  hash('sha256', `rollcall.forgotten\n${account}\n${subjectId.normalize('NFC')}`, 'hex');
