import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { readRunEvents } from '../../src/records/run-events.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { lookAt, openBrowser } from '../helpers/browser.ts';
import { watchHoldUps } from '../helpers/hold-ups.ts';
import { makePhoto, writeFiles, writePhotos } from '../helpers/photos.ts';
import { type CommandInTerminal, startInTerminal } from '../helpers/pseudo-terminal.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let browser: Browser;
let scene: Scene;
let server: CommandInTerminal;
let page: Page;
let address: string;

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  scene = await openScene({ environment: { ROLLCALL_BACKOFF: '10ms..20ms', ROLLCALL_PRICE: '0.002' } });
  const { folder, environment } = scene;
  const command = ['serve', '--port', '0', '--allow-root', folder];
  server = await startInTerminal(command, { folder, environment, columns: 200 });
  address = await until(async () => (await server.lines()).find((line) => /^http:.*#token=\S/.test(line)));
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
});
afterEach(async () => {
  await page.close();
  await server.close();
  await scene.close();
});

const shown = (text: string | RegExp) => page.getByText(text).first().waitFor();
const press = (name: string) => page.getByRole('button', { name, exact: true }).click();

it('a run is started, seen live, paused, made faster, resumed and finished by the page, which says when the engine is down', async () => {
  await page.goto(address);
  await shown('There is no run yet.');
  expect(page.url()).not.toContain('token');

  await writePhotos(join(scene.folder, 'archive'), { count: 60 });
  for (const name of ['d1.jpg', 'd2.jpg', 'd3.jpg'])
    await writeFiles(join(scene.folder, 'archive'), { [name]: await makePhoto({ script: 'code-5' }) });
  scene.start(['worker']);
  await press('Start a run …');
  await page.getByLabel('Folder, list or s3:// address').fill(join(scene.folder, 'archive'));
  await page.getByLabel(/^Calls a second/).fill('8');
  await press('Start');
  await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
  const [runId = ''] = await scene.runIds();
  const folders = [await realpath(scene.folder)];
  expect(await scene.record(runId)).toMatchObject({ allowedPlaces: { folders, buckets: [] } });
  const done = async () => Number(await page.getByRole('progressbar').first().getAttribute('aria-valuenow'));
  await until(async () => (await done()) > 0, { what: 'progress on the page' });

  const outage = 'The engine does not answer.';
  const holdUps = await watchHoldUps();
  const seenAt = page.evaluate<number>(`new Promise((resolve) => {
    const look = () => document.body.textContent.includes('${outage}') && resolve(Date.now());
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
  })`);
  await scene.engine.goDown();
  await shown(outage);
  const down = await until(async () =>
    (await readRunEvents(createLocalStateStore(scene.stateFolder), runId)).find(
      ({ kind }) => kind === 'engine-down',
    ),
  );
  const lateInMs = (await seenAt) - Date.parse(down.at);
  const heldUpInMs = (await holdUps.read()).reduce((sum, { inMs }) => sum + inMs, 0);
  await holdUps.close();
  expect(lateInMs - heldUpInMs).toBeLessThan(2_000);
  const atOutage = scene.engine.calls.length;
  await scene.engine.comeUp();
  await shown('The engine answers.');
  await until(() => scene.engine.calls.length > atOutage);

  await press('Pause');
  await page.getByRole('button', { name: 'Resume' }).waitFor();
  await shown(/paused by hand/);
  const faults = await lookAt(page, 'run-paused');

  const rate = page.getByLabel('Calls a second');
  await rate.fill('150');
  await press('Change');
  await until(
    async () => (await page.getByRole('button', { name: 'Change' }).isDisabled()) && (await rate.isEnabled()),
  );
  await page.reload();
  expect(await rate.inputValue()).toBe('150');
  await press('Resume');
  await page.getByRole('link', { name: 'Decide 3 dead letters' }).waitFor();
  await shown('finished');
  expect(await done()).toBe(100);
  expect((await scene.report(runId)).map(({ seq }) => seq)).toEqual(
    Array.from({ length: 63 }, (_, at) => at + 1),
  );

  await shown('changed to 150 calls a second');
  await shown('Spent');
  const audited = await scene.run(['audit', '--sample', 'all']);
  expect(audited.exitCode).toBeLessThan(2);
  await writeFiles(scene.folder, { 'staff.csv': 'subject_id\nd1\nnobody\n' });
  expect((await scene.run(['coverage', 'staff.csv'])).exitCode).toBe(1);
  faults.push(...(await lookAt(page, 'run-finished')));
  for (const [name, path, text] of [
    ['runs', '/', runId],
    ['photos', `/runs/${runId}/photos`, '63 photos'],
    ['photo', `/runs/${runId}/photos/1`, 'What became of it'],
    ['schedules', '/schedules', /schedule/],
    ['accounts', '/accounts', '2 without a template'],
    ['review-name', `/runs/${runId}/review`, 'Who decides?'],
  ] as const) {
    await page.goto(new URL(path, address).href);
    await shown(text);
    faults.push(...(await lookAt(page, name)));
  }
  await page.getByLabel('Your name').fill('Ada');
  await press('Begin');
  await shown('of 3 dead letters decided');
  faults.push(...(await lookAt(page, 'review')));
  // Of others: its faults are not ours, but it has to work.
  const errors: string[] = [];
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.goto(new URL('/queues', address).href);
  await shown('rollcall-dead');
  await lookAt(page, 'queues');
  expect(errors).toEqual([]);

  const report = join(scene.folder, 'report.html');
  await scene.run(['report', runId, '--format', 'html', '--output', report]);
  await page.goto(pathToFileURL(report).href);
  await shown('3 dead letters');
  faults.push(...(await lookAt(page, 'report')));

  await page.goto(new URL('/', address).href);
  await press('Sign out');
  await page.getByRole('textbox').first().waitFor();
  faults.push(...(await lookAt(page, 'login')));
  expect(faults).toEqual([]);
});

it('a run that is not there is said to be so, and no connection to be lost', async () => {
  await page.goto(address);
  await shown('There is no run yet.');
  // Its events are refused before the run itself is.
  await page.route('**/api/v1/runs/nope', async (route) => {
    await shown('Connection lost');
    await route.continue();
  });
  await page.goto(new URL('/runs/nope', address).href);
  await shown('There is no such run.');
  await until(async () => (await page.getByText('Connection lost').count()) === 0);
});

it('folders of a path stand in their order, in whatever script they are written', async () => {
  await writeFiles(join(scene.folder, 'archive', 'أرشيف'), { 'שרה.jpg': await makePhoto({}) });
  expect((await scene.run(['run', 'archive'])).exitCode).toBe(0);
  const [runId = ''] = await scene.runIds();
  await page.goto(address);
  await page.goto(new URL(`/runs/${runId}/photos`, address).href);
  await shown('שרה.jpg');
  const names = page.locator('.path bdi bdi');
  const seen = await names.evaluateAll((all) =>
    all.map((name) => ({ text: name.textContent, left: name.getBoundingClientRect().left })),
  );
  const inOrder = seen.toSorted((a, b) => a.left - b.left).map(({ text }) => text);
  expect(inOrder.slice(-3)).toEqual(['archive', 'أرشيف', 'שרה.jpg']);
});
