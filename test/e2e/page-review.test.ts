import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { servePage } from '../helpers/served-page.ts';
import { until } from '../helpers/until.ts';

const letters = 1_000;
let browser: Browser;
let scene: Scene;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  scene = await openScene({ environment: { ROLLCALL_RATE: '2000' } });
});
afterEach(() => scene.close());

it(`${letters} dead letters are decided by keyboard alone, applied, and the new run has each of them once`, async () => {
  const subjects = Array.from({ length: letters }, (_, at) => `s${at}`);
  await writeFiles(scene.folder, {
    'none.jpg': await makePhoto({ script: 'code-5' }),
    'list.csv': `subject_id,photo\n${subjects.map((subject) => `${subject},none.jpg\n`).join('')}`,
  });
  expect(await scene.run(['run', 'list.csv'])).toMatchObject({ exitCode: 1 });
  const [first = ''] = await scene.runIds();
  const { page: entry, address } = await servePage(scene);
  const page = await browser.newPage();
  await page.goto(entry);
  await page.getByRole('link', { name: first, exact: true }).waitFor();
  await page.goto(new URL(`/runs/${first}/review`, address).href);
  const { keyboard } = page;
  await page.getByLabel('Your name').focus();
  await keyboard.type('Ada');
  await keyboard.press('Enter');

  const decided = async () => {
    const text = (await page.getByText('dead letters decided').textContent()) ?? '';
    return text.includes('saving') ? undefined : Number(/[\d,]+/.exec(text)?.[0].replace(',', ''));
  };
  // Keys are faster than the list is read: what is pressed then decides nothing.
  for (let count = (await decided()) ?? 0; count < letters; ) {
    for (let pressed = 0; pressed < Math.min(100, letters - count); pressed += 1) await keyboard.press('r');
    count = await until(async () => (await decided()) ?? false);
  }
  await keyboard.press('a');
  await page.getByRole('button', { name: 'Apply', exact: true }).waitFor();
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Applied' }).waitFor();

  const next = await until(async () => (await scene.runIds()).find((id) => id !== first));
  scene.start(['worker']);
  await until(async () => (await scene.record(next)).state === 'finished');
  const sent = (await scene.report(next)).map(({ subjectId }) => subjectId);
  expect(sent.toSorted()).toEqual(subjects.toSorted());
});
