import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PageData } from '../../records/page-data.ts';
import { builtPages } from '../../util/built-pages.ts';
import { FaultError } from '../../util/errors.ts';

/** Made by `npm run build`: one file with everything that draws it, and an empty place for data. */
const builtPage = join(builtPages, 'report.html');
const emptyPlace = '<script type="application/json" id="data"></script>';

/**
 * An HTML report: the built page with data in it, which its script reads and nothing runs.
 * @throws FaultError where the page was not built
 */
export async function htmlReport(data: PageData, page = builtPage): Promise<string> {
  const html = await readFile(page, 'utf8').catch((cause: Error) => {
    throw new FaultError('page', `${page} cannot be read: rollcall was not built (npm run build).`, {
      cause,
    });
  });
  const at = html.indexOf(emptyPlace);
  if (at < 0) throw new FaultError('page', `${page} has no place for data: it is of another version.`);
  const place = at + emptyPlace.length - '</script>'.length;
  return `${html.slice(0, place)}${inertJson(data)}${html.slice(place)}`;
}

/** JSON in which no text ends the element, opens a comment, or breaks a line of scripts of old. */
export const inertJson = (data: unknown): string =>
  JSON.stringify(data)
    .replaceAll('<', '\\u003c')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
