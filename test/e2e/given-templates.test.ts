import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { templateIdOf } from '../../src/engines/registry.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { runAsBefore } from '../helpers/run-as-before.ts';
import { openScene, type Scene } from '../helpers/scene.ts';

/** A person's row in a list that may give template ids: subject and template id. */
type Row = readonly [subjectId: string, templateId?: string];

describe('a template id that a list gives, and that is another person’s', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene();
  });
  afterAll(() => scene.close());

  async function run(rows: readonly Row[], ...args: readonly string[]) {
    for (const [subjectId] of rows)
      await writeFiles(scene.folder, { [`${subjectId}.jpg`]: await makePhoto() });
    const lines = rows.map(([subjectId, templateId = '']) => `${subjectId},${subjectId}.jpg,${templateId}`);
    const text = ['subject_id,photo,template_id', ...lines].join('\n');
    await writeFiles(scene.folder, { 'list.csv': text });
    const { exitCode, stdout, stderr } = await scene.run(['run', 'list.csv', '--new', '--json', ...args]);
    const { run: runId } = JSON.parse(stdout);
    const said = (await scene.report(runId)).map(({ status, reason, error }) =>
      error ? `${error.kind}: ${error.message}` : [status, reason].filter(Boolean).join(' '),
    );
    return { exitCode, said, stderr };
  }
  const held = (templateId: string) => scene.engine.templates.get(templateId)?.photoSha256.at(-1);
  const own = (subjectId: string) => templateIdOf({ engine: 'ooto', subjectId });

  const histories: readonly [string, readonly Row[], Row][] = [
    ['that an earlier list gave', [['ann', 'card-1']], ['bob', 'card-1']],
    [
      'that an earlier list gave, in another form',
      [['cem', 'Zoë'.normalize('NFC')]],
      ['dan', 'Zoë'.normalize('NFD')],
    ],
    ['that follows from somebody', [['eve']], ['fay', own('eve')]],
    ['that follows from somebody, in capitals', [['gil']], ['hal', own('gil').toUpperCase()]],
    ['that an earlier list gave, and that follows from oneself', [['ida', own('jon')]], ['jon']],
  ];
  it.each(histories)('%s is nobody else’s', async (_, before, row) => {
    const templateId = row[1] ?? own(row[0]);
    expect(await run(before)).toMatchObject({ exitCode: 0, said: ['enrolled'] });
    const photo = held(templateId.toLowerCase()) ?? held(templateId);
    for (const args of [[], ['--incremental']]) {
      const [owner = ''] = before[0] ?? [];
      const end = await run([row], ...args);
      expect(end).toMatchObject({ exitCode: 1, said: [expect.stringMatching(`^collision: .*${owner}`)] });
      expect(held(templateId.toLowerCase()) ?? held(templateId)).toBe(photo);
    }
  });

  it('is somebody else’s once that one was forgotten and allowed again', async () => {
    await run([['kim', 'card-2']]);
    await scene.run(['forget', 'kim']);
    await scene.run(['forget', 'kim', '--allow']);
    expect(await run([['lea', 'card-2']])).toMatchObject({ exitCode: 0, said: ['enrolled'] });
  });

  it('is not called unchanged where an earlier version gave it to another', async () => {
    await run([['mia', 'card-3']]);
    await runAsBefore(scene, () => run([['noa', 'card-3']]));
    const photo = held('card-3');
    const rows = (subjectId: string): Row[] => [[subjectId, 'card-3']];
    expect(await run(rows('mia'), '--incremental')).toMatchObject({
      exitCode: 1,
      said: [expect.stringMatching(/^collision: .*noa/)],
    });
    expect(held('card-3')).toBe(photo);
    expect(await run(rows('noa'), '--incremental')).toMatchObject({ exitCode: 0 });
  });

  it('is counted by a dry run', async () => {
    await run([['ole', 'card-4']]);
    await writeFiles(scene.folder, { 'pia.csv': 'subject_id,photo,template_id\npia,ole.jpg,card-4\n' });
    const dry = await scene.run(['run', 'pia.csv', '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ photos: 1, failed: 1, calls: 0 });
  });
});
