import type { PhotoJob } from '../../src/queue/queue.ts';

export function makeJob(seq: number, more: Partial<PhotoJob['data']> = {}): PhotoJob {
  return {
    id: `r-${seq}-abc`,
    data: {
      run: 'r',
      seq,
      subjectId: `emp-${seq}`,
      photo: `staff/emp-${seq}.jpg`,
      queuedAt: '2026-01-01T00:00:00.000Z',
      tries: { attempts: 0, calls: 0, reads: 0, storedUnknown: false },
      ...more,
    },
  };
}

export function makeJobs(count: number, firstSeq = 1): PhotoJob[] {
  return Array.from({ length: count }, (_, index) => makeJob(firstSeq + index));
}
