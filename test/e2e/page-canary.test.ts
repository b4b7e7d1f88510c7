import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { lookAt, openBrowser } from '../helpers/browser.ts';
import { writePhotos } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { servePage } from '../helpers/served-page.ts';
import { until } from '../helpers/until.ts';

let browser: Browser;
let scene: Scene;
let page: Page;
let address: string;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  scene = await openScene();
  const served = await servePage(scene);
  address = served.address;
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  await page.goto(served.page);
});
afterEach(async () => {
  await page.close();
  await scene.close();
});

const shown = (text: string | RegExp) => page.getByText(text).first().waitFor();
const show = (runId: string) => page.goto(new URL(`/runs/${runId}`, address).href);
const run = (runId: string) => ['run', './archive', '--canary', '12', '--run-id', runId];

/** As a program of somebody who has seen the figures. */
async function change(runId: string, body: object): Promise<number> {
  const token = (await readFile(join(scene.stateFolder, 'serve-token'), 'utf8')).trim();
  const { status } = await fetch(new URL(`/api/v1/runs/${runId}`, address), {
    method: 'PATCH',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return status;
}

it('a canary is seen as it goes on, refused, judged by other rules, and let go on by the page', async () => {
  const archive = join(scene.folder, 'archive');
  await writePhotos(archive, { count: 40, script: 'code-5' });
  expect((await scene.run(run('ruled'))).exitCode).toBe(3);
  await show('ruled');
  await shown('its canary of 12 photos was refused');
  const canary = page.getByRole('region', { name: 'Canary' });
  await canary.getByText('not met: rejected<=5%').waitFor();
  const rejected = canary.getByRole('row', { name: /^rejected/ });
  expect(await rejected.textContent()).toContain('12 (100 %)');
  expect(await rejected.textContent()).toContain('73 % to 100 %');
  const faults = await lookAt(page, 'canary-refused');

  // Judged anew once the command is started again; the page that is open sees it.
  expect(await change('ruled', { canaryAccept: 'rejected<=100%' })).toBe(200);
  expect((await scene.run(run('ruled'))).exitCode).toBe(1);
  await canary.getByText(/: accepted$/).waitFor();
  await shown('finished');
  expect(await change('ruled', { canaryAccept: 'rejected<=1%' })).toBe(409);

  expect((await scene.run(run('resumed'))).exitCode).toBe(3);
  await show('resumed');
  await page.getByRole('button', { name: 'Go on all the same', exact: true }).click();
  await shown('It goes on with the next worker');
  await canary.getByText('accepted by a user, although it was refused').waitFor();
  expect(scene.engine.calls).toHaveLength(40 + 12);
  expect((await scene.run(run('resumed'))).exitCode).toBe(1);
  expect(scene.engine.calls).toHaveLength(40 + 40);
  await shown('finished');

  await writePhotos(archive, { count: 40 });
  scene.engine.setMode('slow:ms=500');
  const going = scene.start([...run('going'), '--concurrency', '1']);
  await until(() => scene.engine.calls.length > 80);
  await show('going');
  await canary.getByText('the rest waits for it').waitFor();
  faults.push(...(await lookAt(page, 'canary-running')));
  scene.engine.setMode('normal');
  await canary.getByText(/: accepted$/).waitFor();
  expect((await going.ended).exitCode).toBe(0);
  await shown('finished');
  expect(await canary.getByRole('row', { name: /^enrolled/ }).textContent()).toContain('12 (100 %)');
  faults.push(...(await lookAt(page, 'canary-accepted')));
  expect(faults).toEqual([]);
});
