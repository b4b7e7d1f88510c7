import { describe, expect, it } from 'vitest';
import { fixOfStore, isConnectionFault } from '../../src/queue/connection-fault.ts';

const fault = (message: string, code?: string) => Object.assign(new Error(message), code ? { code } : {});

describe('whose fault an error of the store is', () => {
  it.each([
    ['a full disk', fault('could not extend file "base/5/1": No space left on device', '53100'), 'make room'],
    [
      'a full disk, of which the words are left',
      fault('could not write: No space left on device'),
      'make room',
    ],
    ['a disk that cannot be read', fault('could not read block 3 in file "base/5/1"', '58030'), 'Fix it'],
    ['no memory', fault('out of memory', '53200'), 'more'],
    ['too many connections', fault('sorry, too many clients already', '53300'), 'Fix it'],
    ['a limit of the server', fault('configured limit exceeded', '53400'), 'Fix it'],
    ['a replica', fault('cannot execute UPDATE in a read-only transaction', '25006'), 'Fix it'],
    ['a connection that broke', fault('server closed the connection', '08006'), 'Fix it'],
    ['Redis without memory', fault("OOM command not allowed when used memory > 'maxmemory'."), 'more'],
    [
      'Redis that cannot save',
      fault('MISCONF Redis is configured to save RDB snapshots, but is currently unable to persist on disk'),
      'make room',
    ],
    ['Redis without its replicas', fault('NOREPLICAS Not enough good replicas to write.'), 'Fix it'],
  ])('%s: the store’s, and the same query may succeed later', (_, error, fix) => {
    expect(isConnectionFault(error)).toBe(true);
    expect(fixOfStore(error)).toContain(fix);
  });

  it.each([
    ['a wrong query', fault('syntax error at or near "FORM"', '42601')],
    ['a value that does not fit', fault('invalid byte sequence for encoding "UTF8": 0x00', '22021')],
    ['a row that is there', fault('duplicate key value violates unique constraint', '23505')],
    ['a script that is wrong', fault('ERR Error running script')],
    ['a photo’s own fault', fault('Input buffer contains unsupported image format')],
  ])('%s: not the store’s', (_, error) => {
    expect(isConnectionFault(error)).toBe(false);
  });
});
