import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What an engine's page documents, parsed out of the page's own text: no code or sample body is typed again. */
export interface OotoEnrollDocument {
  /** Path of the endpoint's base address, `/api/v1.0`, and below it the endpoint, `/add`. */
  readonly basePath: string;
  readonly endpoint: string;
  /** Names of the authentication headers, first the id, then the key. */
  readonly headers: readonly [string, string];
  readonly queryParameters: readonly string[];
  /** The documented body of HTTP 200 and of HTTP 400. */
  readonly success: OotoSample;
  readonly error: OotoSample;
  /** The documented codes with their info. */
  readonly codes: ReadonlyMap<number, string>;
}

export interface OotoSample {
  readonly transactionId: string;
  readonly result: Readonly<Record<string, unknown>>;
}

export function readOotoEnrollDocument(): OotoEnrollDocument {
  const text = readFileSync(join(fixturesFolder(), 'ooto-enroll.txt'), 'utf8');
  const endpoint = new URL(found(text, /^POST (https:\S+)$/m));
  const [, id = '', key = ''] =
    /^ *• (\S+): .*\n\s*^ *• (\S+): /m.exec(section(text, 'Authentication Headers')) ?? [];
  const parameters = found(text, /Query parameters: (.+)$/m);
  return {
    basePath: dirname(endpoint.pathname),
    endpoint: endpoint.pathname.slice(dirname(endpoint.pathname).length),
    headers: [id, key],
    queryParameters: parameters.split(', '),
    success: firstObject(section(text, 'Successful Response (HTTP 200)')),
    error: firstObject(section(text, 'Error response (HTTP 400)')),
    codes: readCodes(section(text, 'Engine Errors')),
  };
}

/** The page of `/identify`; its sample is not indented. */
export function readOotoIdentifyDocument(): Pick<
  OotoEnrollDocument,
  'endpoint' | 'queryParameters' | 'success' | 'codes'
> {
  const text = readFileSync(join(fixturesFolder(), 'ooto-identify.txt'), 'utf8');
  const { pathname } = new URL(found(text, /^POST (https:\S+)$/m));
  const success = section(text, 'Successful Response (HTTP 200)');
  return {
    endpoint: pathname.slice(dirname(pathname).length),
    queryParameters: found(text, /Query Parameters: (.+)$/m).split(', '),
    success: JSON.parse(
      success.slice(success.indexOf('{'), success.search(/^Field Explanation$/m)),
    ) as OotoSample,
    codes: readCodes(section(text, 'Engine Errors')),
  };
}

/** Also from a built copy of this file, which lies elsewhere in the project. */
export function fixturesFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'test', 'fixtures', 'ooto-enroll.txt'))) {
    if (dirname(folder) === folder) throw new Error('test/fixtures/ooto-enroll.txt is missing');
    folder = dirname(folder);
  }
  return join(folder, 'test', 'fixtures');
}

/** A page's text from a heading on; the headings stand on lines of their own. */
function section(text: string, heading: string): string {
  const start = text.search(new RegExp(`^${heading.replace(/[()]/g, '\\$&')}$`, 'm'));
  if (start < 0) throw new Error(`no section "${heading}" in the seed document`);
  return text.slice(start + heading.length);
}

/** The pretty-printed object at the section's start: from a line `{` to the line `}`. */
function firstObject(text: string): OotoSample {
  return JSON.parse(found(text, /^(\{\n[\s\S]*?^\})$/m)) as OotoSample;
}

/** The table "Code, Info": a line with a number, then a line with words, until the next heading. */
function readCodes(text: string): ReadonlyMap<number, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const codes = new Map<number, string>();
  let line = lines.indexOf('Info') + 1;
  for (; /^\d+$/.test(lines[line] ?? ''); line += 2) codes.set(Number(lines[line]), lines[line + 1] ?? '');
  if (codes.size === 0) throw new Error('no codes in the seed document');
  return codes;
}

function found(text: string, pattern: RegExp): string {
  const [, match] = pattern.exec(text) ?? [];
  if (match === undefined) throw new Error(`nothing like ${pattern} in the seed document`);
  return match;
}

/** What Verihubs' page documents of its enroll endpoint. */
export interface VerihubsEnrollDocument {
  /** The codes with the status they arrive with, and what they mean. */
  readonly codes: ReadonlyMap<string, { readonly status: number; readonly description: string }>;
  /** `FAIL_ON_n` by code, with the words of its description: `liveness`, `attribute`, `quality`, `nface`. */
  readonly failures: ReadonlyMap<string, readonly string[]>;
}

/** The page's text has lost the borders of its table: status, code and description stand without a space. */
export function readVerihubsEnrollDocument(): VerihubsEnrollDocument {
  const text = readFileSync(join(fixturesFolder(), 'verihubs-enroll.txt'), 'utf8');
  const rows = [...text.matchAll(/^(\d{3})([A-Z][A-Z0-9_]*)(.+)$/gm)];
  const codes = new Map<string, { status: number; description: string }>();
  for (const [, status = '', code = '', description = ''] of rows)
    codes.set(code, { status: Number(status), description });
  const failures = new Map<string, readonly string[]>();
  for (const [code, { description }] of codes) {
    if (!code.startsWith('FAIL_ON_')) continue;
    const words = ['liveness', 'attribute', 'quality', 'nface'].filter((word) => description.includes(word));
    failures.set(code, words);
  }
  if (failures.size === 0) throw new Error('no codes in the seed document');
  return { codes, failures };
}
