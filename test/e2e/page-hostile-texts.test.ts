import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stringify } from 'csv-stringify/sync';
import type { Browser, BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { makePhoto, writeFiles } from '../helpers/photos.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { servePage } from '../helpers/served-page.ts';

/** Each would call `alert`, fetch from elsewhere or leave its place, if it were taken for more than a text. */
const payloads = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '<!--<script>alert(1)',
  '<img src=x onerror=alert(1)>',
  '<img src=http://127.0.0.1:9/leak>',
  '<svg onload=alert(1)>',
  '<style>*{background:url(http://127.0.0.1:9/leak)}</style>',
  '"><a href="javascript:alert(1)" autofocus onfocus=alert(1)>',
  "' onmouseover='alert(1)",
  'javascript:alert(1)',
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'constructor',
  '\u202egnp.exe',
  'line\u2028separator',
  '&lt;b&gt; &amp; &#60;',
];

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
  scene = await openScene();
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

it('ids, names and metadata are texts on the page and in the HTML report, whatever they spell', {
  timeout: 180_000,
}, async () => {
  await writeFiles(scene.folder, {
    'none.jpg': await makePhoto({ script: 'code-5' }),
    'list.csv': stringify([
      ['subject_id', 'photo', 'note'],
      ...payloads.map((payload) => [`s ${payload}`, 'none.jpg', payload]),
      ...payloads.map((payload, at) => [`missing ${at}`, `${payload}.jpg`, payload]),
    ]),
  });
  expect((await scene.run(['run', 'list.csv'])).exitCode).toBe(1);
  const [run = ''] = await scene.runIds();
  const report = await scene.report(run);
  const rejected = report.filter(({ subjectId = '' }) => subjectId.startsWith('s '));
  expect(rejected).toHaveLength(payloads.length);
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
  for (const { seq, subjectId = '', metadata } of rejected) {
    await page.goto(new URL(`/runs/${run}/photos/${seq}`, address).href);
    await page.getByRole('heading', { name: 'What became of it' }).waitFor();
    const shown = await page.getByRole('main').evaluate((element) => element.textContent ?? '');
    expect(shown).toContain(subjectId);
    expect(shown).toContain(JSON.stringify(metadata?.note).slice(1, -1));
  }

  await context.setOffline(true);
  const offline = await openPage();
  await offline.goto(pathToFileURL(html).href);
  await offline.getByText('dead letters').first().waitFor();
  const text = await offline.locator('body').evaluate((body) => body.textContent ?? '');
  for (const { subjectId = '' } of rejected) expect(text).toContain(subjectId);
  expect(misdeeds).toEqual([]);
});
