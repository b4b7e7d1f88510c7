import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'csv-stringify/sync';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { isDeadLetter, type ReportLine } from '../../src/records/report/report-line.ts';
import { openBrowser } from '../helpers/browser.ts';
import { hostileTexts } from '../helpers/hostile-texts.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { servePage } from '../helpers/served-page.ts';

/** Shown as an escape where an engine says it. */
const invisible = /[\p{Cf}\p{Zl}]/u;

let browser: Browser;
let context: BrowserContext;
let scene: Scene;
/** What a page did that it must not. */
let misdeeds: string[];

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  scene = await openScene({ environment: { ROLLCALL_MAX_ATTEMPTS: '1' } });
  context = await browser.newContext();
  misdeeds = [];
});
afterEach(async () => {
  await context.close();
  await scene.close();
});

async function openPage() {
  const page = await context.newPage();
  page.on('dialog', (dialog) => {
    misdeeds.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => misdeeds.push(`error ${error.message}`));
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) misdeeds.push(message.text());
  });
  page.on('request', (request) => {
    if (request.url().includes('leak')) misdeeds.push(`request ${request.url()}`);
  });
  return page;
}

it('ids, names, metadata and what the engine says are texts on the page and in the HTML report, whatever they spell', async () => {
  for (const [at] of hostileTexts.entries()) {
    const saying = { [`says-${at}.jpg`]: await makePhoto({ script: `says:text=${at}` }) };
    await writeFiles(scene.folder, saying);
  }
  await writeFiles(scene.folder, {
    'id.jpg': await makePhoto({ script: 'says-id:text=0' }),
    'away.jpg': await makePhoto({ script: 'says-503:text=3' }),
    'list.csv': stringify([
      ['subject_id', 'photo', 'note'],
      ...hostileTexts.map((payload, at) => [`s ${payload}`, `says-${at}.jpg`, payload]),
      ['s id', 'id.jpg', hostileTexts[0]],
      ['s away', 'away.jpg', hostileTexts[3]],
      ...hostileTexts.map((payload, at) => [`missing ${at}`, `${payload}.jpg`, payload]),
    ]),
  });
  expect((await scene.run(['run', 'list.csv'])).exitCode).toBe(1);
  const [run = ''] = await scene.runIds();
  const report = await scene.report(run);
  const rejected = report.filter(({ subjectId = '' }) => subjectId.startsWith('s '));
  expect(rejected).toHaveLength(hostileTexts.length + 2);
  /** What a line has of the engine. */
  const saidBy = ({ error, templateId }: ReportLine) => [error?.message, error?.code, templateId].join(' ');
  const said = report.map(saidBy).join(' ');
  for (const text of hostileTexts.filter((text) => !invisible.test(text))) expect(said).toContain(text);
  const html = join(scene.folder, 'report.html');
  expect((await scene.run(['report', run, '--format', 'html', '--output', html])).exitCode).toBe(0);

  const { page: entry, address } = await servePage(scene);
  const page = await openPage();
  await page.goto(entry);
  await page.getByRole('link', { name: run, exact: true }).waitFor();
  for (const path of ['', '/photos', '/review']) {
    await page.goto(new URL(`/runs/${run}${path}`, address).href);
    await page
      .getByText(path === '/photos' ? `${report.length} photos` : run)
      .first()
      .waitFor();
  }
  for (const line of rejected) {
    const { seq, subjectId = '', metadata, error, templateId } = line;
    await page.goto(new URL(`/runs/${run}/photos/${seq}`, address).href);
    await page.getByRole('heading', { name: 'What became of it' }).waitFor();
    const shown = await page.getByRole('main').evaluate((element) => element.textContent ?? '');
    expect(shown).toContain(subjectId);
    expect(shown).toContain(JSON.stringify(metadata?.note).slice(1, -1));
    for (const text of [error?.message, error?.code, templateId]) expect(shown).toContain(text ?? '');
  }

  await context.setOffline(true);
  const offline = await openPage();
  await offline.goto(pathToFileURL(html).href);
  await offline.getByText('dead letters').first().waitFor();
  const text = await offline.locator('body').evaluate((body) => body.textContent ?? '');
  for (const { subjectId = '', error } of rejected.filter(isDeadLetter)) {
    expect(text).toContain(subjectId);
    expect(text).toContain(error?.message);
  }
  expect(misdeeds).toEqual([]);
});
