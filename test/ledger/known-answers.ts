import { createKnownPhotos, type KnownPhotosOptions } from '../../src/ledger/known-photos.ts';
import type { LedgerEvent } from '../../src/ledger/ledger-event.ts';
import { photos, subjects, versions } from './ledger-events.ts';

const templates = ['', '=T1', '=T2'];

/** Everything that can be asked of so small a world, and what is answered. */
export function allAnswers(events: readonly LedgerEvent[], options: KnownPhotosOptions): unknown[] {
  const known = createKnownPhotos(options);
  for (const event of events) known.add(event);
  return subjects.flatMap((subjectId) =>
    photos.flatMap((photo) =>
      [...versions, undefined].flatMap((version) =>
        templates.map((template) => known.recognise({ subjectId, photo, version, template }) ?? 'new'),
      ),
    ),
  );
}
