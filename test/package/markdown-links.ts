import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Relative links of a page that lead nowhere, files and headings, as `page: link`. */
export async function brokenLinks(page: string): Promise<string[]> {
  const broken: string[] = [];
  for (const link of linksOf(await readFile(page, 'utf8'))) {
    const [path = '', heading] = link.split('#');
    const target = path === '' ? page : join(dirname(page), decodeURIComponent(path));
    const isThere =
      existsSync(target) && (heading === undefined || (await headingsOf(target)).includes(heading));
    if (!isThere) broken.push(`${basename(page)}: ${link}`);
  }
  return broken;
}

const withoutCode = (text: string) => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '');

function linksOf(text: string): string[] {
  const links = [...withoutCode(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^[a-z]+:/.test(link));
}

/** As the usual renderers name them: lower case, without punctuation, words joined by dashes. */
async function headingsOf(page: string): Promise<string[]> {
  const text = (await readFile(page, 'utf8')).replace(/^```.*?^```/gms, '');
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replace(/\s/g, '-'),
  );
}
