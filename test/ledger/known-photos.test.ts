import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { contentFingerprint, noTemplate, templateMark } from '../../src/ledger/fingerprint.ts';
import { createKnownPhotos } from '../../src/ledger/known-photos.ts';
import { eventOfLine } from '../../src/ledger/ledger-delta.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { buildReportLine, type Outcome } from '../../src/records/report/report-line.ts';
import { randomInputs } from '../helpers/long.ts';
import { allAnswers } from './known-answers.ts';
import { ledgerEvents, photos, timeAt } from './ledger-events.ts';

describe.each([{ eachPhoto: false }, { eachPhoto: true }])('what is known (%o)', ({ eachPhoto }) => {
  it('does not depend on the order of events, nor on how often they are told', () => {
    const required = fc.constantFrom([], ['liveness'], ['deepfake']);
    const told = fc
      .array(ledgerEvents, { maxLength: 12 })
      .chain((events) =>
        fc.tuple(fc.constant(events), fc.shuffledSubarray([...events, ...events], { minLength: 0 })),
      );
    fc.assert(
      fc.property(told, required, ([events, some], checks) => {
        const options = { eachPhoto, required: checks };
        expect(allAnswers([...some, ...events, ...some], options)).toEqual(allAnswers(events, options));
      }),
      { numRuns: randomInputs(80) },
    );
  });

  /** One night's photo, what it holds, and what comes of it if it is called. */
  const listed = fc.record({
    subjectId: fc.constantFrom('a', 'b'),
    photo: fc.constantFrom(...photos),
    content: fc.constantFrom('aa', 'bb', 'cc'),
    hasVersion: fc.boolean(),
    end: fc.constantFrom('enrolled', 'enrolled', 'rejected', 'stored-but-rejected', 'lost', 'failed'),
  });

  it('never takes a photo for enrolled that the engine does not hold, nor for rejected that it has taken since', () => {
    fc.assert(
      fc.property(fc.array(listed, { maxLength: 25 }), (nights) => {
        const events: LedgerEvent[] = [];
        /** By subject (or photo): the content that the engine holds, or that nobody knows. */
        const engine = new Map<string, string>();
        const verdicts = new Map<string, string>();
        nights.forEach(({ subjectId, photo, content, hasVersion, end }, minute) => {
          const holder = eachPhoto ? `${subjectId} ${photo}` : subjectId;
          const known = createKnownPhotos({ eachPhoto, required: [] });
          for (const event of events) known.add(event);
          // A version says which bytes of which file they are, and nothing across files.
          const version = `${content} of ${photo}`;
          const found = known.recognise({
            subjectId,
            photo,
            version: hasVersion ? version : undefined,
            template: noTemplate,
          });
          const print = contentFingerprint(content, noTemplate);
          const isEnrolled =
            found?.kind === 'unchanged' || (found?.kind === 'compare' && found.known.enrolled === print);
          const isRejected =
            found?.kind === 'rejected-before' ||
            (found?.kind === 'compare' && found.known.rejected === print);
          if (isEnrolled) expect(engine.get(holder)).toBe(content);
          else if (isRejected) expect(verdicts.get(`${subjectId} ${photo} ${content}`)).toBe('rejected');
          const outcome = outcomeOf(isEnrolled ? 'unchanged' : isRejected ? 'again' : end, timeAt(minute));
          if (outcome.status === 'enrolled' || outcome.stored === 'unknown' || outcome.stored === 'yes')
            engine.set(holder, outcome.status === 'rejected' || outcome.stored === 'unknown' ? '?' : content);
          if (end === 'enrolled' || end === 'rejected') {
            if (!isEnrolled && !isRejected) verdicts.set(`${subjectId} ${photo} ${content}`, end);
          }
          const facts = { run: 'r', engine: 'ooto', seq: minute + 1, subjectId, photo, version };
          const more = {
            sha256: content,
            ...(found?.kind === 'compare' &&
              isEnrolled &&
              found.known.enrolledAt && { enrolledAt: found.known.enrolledAt }),
          };
          const line = buildReportLine(facts, { ...outcome, ...more });
          const event = eventOfLine(line, { source: '/s', required: [] });
          if (event) events.push(event);
        });
      }),
      { numRuns: randomInputs(120) },
    );
  });
});

function outcomeOf(end: string, finishedAt: string): Outcome {
  const templateId = 'a';
  switch (end) {
    case 'enrolled':
      return { status: 'enrolled', stored: 'yes', templateId, finishedAt };
    case 'unchanged':
      return { status: 'skipped', reason: 'unchanged', stored: 'yes', templateId, finishedAt };
    case 'again':
      return { status: 'skipped', reason: 'rejected-before', finishedAt };
    case 'rejected':
      return {
        status: 'rejected',
        stored: 'no',
        finishedAt,
        error: { kind: 'rejected', code: '5', message: '' },
      };
    case 'stored-but-rejected':
      return {
        status: 'rejected',
        stored: 'yes',
        templateId,
        finishedAt,
        error: { kind: 'rejected', code: 'check-liveness', message: '' },
      };
    case 'lost':
      return { status: 'failed', stored: 'unknown', finishedAt };
    default:
      return { status: 'failed', stored: 'no', finishedAt };
  }
}

describe('what is known', () => {
  const enrolled: LedgerEvent = {
    schema: 'rollcall.ledger/1',
    kind: 'enrolled',
    subjectId: 'a',
    photo: '/1.jpg',
    version: 'v1',
    sha256: 'aa',
    templateId: 'T1',
    at: timeAt(1),
    source: '/s',
  };
  const ask = (events: LedgerEvent[], more: { template?: string; required?: string[] } = {}) => {
    const known = createKnownPhotos({ eachPhoto: false, required: more.required ?? [] });
    for (const event of events) known.add(event);
    const { template = noTemplate } = more;
    return known.recognise({ subjectId: 'a', photo: '/1.jpg', version: 'v1', template })?.kind;
  };

  it('counts a photo as changed under another template id, a check that was not required, another photo since', () => {
    expect(ask([enrolled])).toBe('unchanged');
    expect(ask([enrolled], { template: '=T9' })).not.toBe('unchanged');
    expect(ask([{ ...enrolled, templateIdFrom: 'manifest' }], { template: '=T1' })).toBe('unchanged');
    expect(ask([{ ...enrolled, templateIdFrom: 'manifest' }])).not.toBe('unchanged');
    expect(ask([{ ...enrolled, templateIdFrom: 'engine' }], { template: '=T9' })).toBe('unchanged');
    expect(ask([enrolled], { required: ['liveness'] })).toBeUndefined();
    expect(ask([{ ...enrolled, required: ['liveness'] }], { required: ['liveness'] })).toBe('unchanged');
    expect(ask([enrolled, { ...enrolled, photo: '/2.jpg', at: timeAt(2) }])).not.toBe('unchanged');
  });

  it.each<[string, readonly Partial<LedgerEvent>[], string | undefined]>([
    ['after it', [{ kind: 'unclear', at: timeAt(2) }], undefined],
    ['after it, whichever is read first', [{ kind: 'unclear', at: timeAt(2) }, {}], undefined],
    ['of another photo of the subject', [{ kind: 'unclear', photo: '/2.jpg', at: timeAt(2) }], undefined],
    ['without a template id', [{ kind: 'unclear', templateId: undefined, at: timeAt(2) }], undefined],
    ['at the same time', [{ kind: 'unclear' }], undefined],
    ['before it', [{ kind: 'unclear', at: timeAt(0) }], 'unchanged'],
    ['of another subject', [{ kind: 'unclear', subjectId: 'other', at: timeAt(2) }], 'unchanged'],
    [
      'after it, and then it was enrolled again',
      [{ kind: 'unclear', at: timeAt(2) }, { at: timeAt(3) }],
      'unchanged',
    ],
  ])('does not call a photo unchanged where a call without an answer came %s', (_, events, expected) => {
    expect(ask([enrolled, ...events.map((event) => ({ ...enrolled, ...event }))])).toBe(expected);
  });

  it('takes a template id that follows from the subject for the same, named or not', () => {
    const facts = { engine: 'ooto', subjectId: 'emp-1' };
    expect(templateMark({ ...facts, templateId: undefined })).toBe(noTemplate);
    expect(templateMark({ ...facts, templateId: templateIdOf(facts) })).toBe(noTemplate);
    expect(templateMark({ ...facts, engine: 'verihubs', templateId: 'emp-1' })).toBe(noTemplate);
    expect(templateMark({ ...facts, templateId: 'emp-1' })).toBe('=emp-1');
    expect(templateMark({ ...facts, templateId: 'T1' })).toBe('=T1');
  });

  it('keeps 100,000 subjects in less than 53 bytes each', () => {
    const known = createKnownPhotos({ eachPhoto: false, required: [] });
    const count = 100_000;
    for (let number = 0; number < count; number += 1)
      known.add({ ...enrolled, subjectId: `subject-${number}` });
    expect(known.sizeInBytes / count).toBeLessThan(53);
  });
});
