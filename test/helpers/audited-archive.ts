import { createHash } from 'node:crypto';
import { templateIdOf } from '../../src/engines/registry.ts';
import type { AuditStatus } from '../../src/records/audit/audit-line.ts';
import { tagPerson, tagPhoto } from './engine-server-tag.ts';
import { makePhoto, writeFiles } from './photos.ts';
import type { Scene } from './scene.ts';

/** How many of each kind; an exchange and twins are two subjects each. */
export interface Drifts {
  readonly plain: number;
  readonly deleted: number;
  readonly replaced: number;
  readonly exchanges: number;
  /** Twins with a photo of each, and twins who are there with one and the same. */
  readonly twins: number;
  readonly sameTwins: number;
  /** Forgotten ones whose template somebody stored again, and those who are gone. */
  readonly returned: number;
  readonly gone: number;
}

/** What an audit of everybody has to say, by subject. */
export type Expected = ReadonlyMap<string, AuditStatus>;

const ids = (kind: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${kind}-${String(index + 1).padStart(5, '0')}`);

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

/**
 * Enrolls an archive, and then does to the account what nobody told this state. `language`: by verification it can be told
 * who was replaced and which of two twins with one photo is there; by identification the first template answers.
 */
export async function driftAway(
  scene: Scene,
  language: 'ooto' | 'verihubs',
  drifts: Drifts,
): Promise<Expected> {
  const base = await makePhoto();
  const photos = new Map<string, Buffer>();
  const face = (person: string) => tagPerson(base, person);
  for (const [kind, count] of Object.entries(kindsOf(drifts)))
    for (const id of ids(kind, count)) photos.set(id, face(id));
  for (const id of ids('twin', drifts.twins))
    for (const side of ['a', 'b'])
      photos.set(`${id}-${side}`, tagPhoto(face(id), side === 'a' ? 'ok' : 'ok+ok'));
  for (const id of ids('same', drifts.sameTwins))
    for (const side of ['a', 'b']) photos.set(`${id}-${side}`, face(id));
  for (const [id, bytes] of photos) await writeFiles(scene.folder, { [`staff/${id}.jpg`]: bytes });
  await enroll(scene);

  const { engine } = scene;
  const templateId = (subjectId: string) => templateIdOf({ engine: language, subjectId });
  const shown = (subjectId: string) => ({
    person: subjectId,
    photoSha256: sha256(photos.get(subjectId) ?? Buffer.alloc(0)),
  });
  const forgotten = [...ids('returned', drifts.returned), ...ids('gone', drifts.gone)];
  await writeFiles(scene.folder, { 'forgotten.txt': `${forgotten.join('\n')}\n` });
  if (forgotten.length > 0) await succeed(scene, ['forget', '--file', 'forgotten.txt']);

  const expected = new Map<string, AuditStatus>();
  for (const id of photos.keys()) expected.set(id, 'present');
  for (const id of ids('deleted', drifts.deleted)) {
    engine.putTemplate(templateId(id), undefined);
    expected.set(id, 'missing');
  }
  for (const id of ids('replaced', drifts.replaced)) {
    engine.putTemplate(templateId(id), { person: `nobody ${id}`, photoSha256: id });
    expected.set(id, language === 'ooto' ? 'missing' : 'changed');
  }
  const exchanged = ids('exchanged', 2 * drifts.exchanges);
  for (let first = 0; first < exchanged.length; first += 2) {
    const [one = '', other = ''] = exchanged.slice(first, first + 2);
    engine.putTemplate(templateId(one), shown(other));
    engine.putTemplate(templateId(other), shown(one));
    expected.set(one, 'shadowed').set(other, 'shadowed');
  }
  for (const id of ids('same', drifts.sameTwins)) {
    const second = [...engine.templates.keys()]
      .filter((key) => key === templateId(`${id}-a`) || key === templateId(`${id}-b`))
      .at(-1);
    const hidden = second === templateId(`${id}-a`) ? `${id}-a` : `${id}-b`;
    if (language === 'ooto') expected.set(hidden, 'shadowed');
  }
  for (const id of ids('returned', drifts.returned)) {
    engine.putTemplate(templateId(id), shown(id));
    expected.set(id, 'forgotten-found');
  }
  for (const id of ids('gone', drifts.gone)) expected.set(id, 'forgotten-gone');
  return expected;
}

const kindsOf = ({ plain, deleted, replaced, exchanges, returned, gone }: Drifts) => ({
  plain,
  deleted,
  replaced,
  exchanged: 2 * exchanges,
  returned,
  gone,
});

const enroll = (scene: Scene) => succeed(scene, ['run', 'staff', '--run-id', 'first']);

async function succeed(scene: Scene, args: readonly string[]): Promise<void> {
  const end = await scene.run(args);
  if (end.exitCode !== 0) throw new Error(`${args.join(' ')}: ${end.exitCode} ${end.stderr}`);
}
