import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, chromium, type Page } from 'playwright-core';
import { provideProgram } from './provide-program.ts';

/** Where pictures of pages are kept; git does not. */
export const picturesFolder = fileURLToPath(new URL('../../test-results/pages/', import.meta.url));

const widths = [400, 1_000, 1_600] as const;
const schemes = ['light', 'dark'] as const;

/** Debian's Chromium. To be closed by the test that opened it. */
export async function openBrowser(): Promise<Browser> {
  const program = 'chromium';
  await provideProgram({ program, debianPackage: 'chromium', elsewhere: 'brew install chromium' });
  return chromium.launch({
    executablePath: whereIs(program),
    // As root Chromium has no sandbox. What it opens is this test's own.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

const whereIs = (program: string) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find(existsSync) ?? program;

const axeFile = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Keeps pictures of a page at each width, light and dark; gives what axe-core finds that keeps people from using it. */
export async function lookAt(page: Page, name: string): Promise<string[]> {
  const axe = await readFile(axeFile, 'utf8');
  const faults: string[] = [];
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      const path = join(picturesFolder, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true, animations: 'disabled' });
      if (await page.evaluate<boolean>('document.documentElement.scrollWidth > innerWidth'))
        faults.push(`${name}: wider than ${width}`);
    }
    // By the debugger, which no Content-Security-Policy keeps out.
    await page.evaluate(axe);
    const { violations } = await page.evaluate<AxeResults>('axe.run()');
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    for (const { id, help, nodes } of serious)
      faults.push(`${name}, ${colorScheme}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  }
  return faults;
}
