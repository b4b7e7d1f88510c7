import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ReportLine, reportLineSchema } from '../../src/records/report/report-line.ts';

/** The folder of the only run of a state. */
export async function onlyRunFolder(stateFolder: string): Promise<string> {
  const runs = await readdir(join(stateFolder, 'runs'));
  const [run] = runs;
  if (run === undefined || runs.length > 1) throw new Error(`one run was expected, not ${runs.length}`);
  return join(stateFolder, 'runs', run);
}

export async function readReport(runFolder: string): Promise<ReportLine[]> {
  return linesOf(await readFile(join(runFolder, 'report.jsonl'), 'utf8')).map((text) =>
    reportLineSchema.parse(JSON.parse(text)),
  );
}

/** The seqs that have a line in any part, and the names of the parts; a torn last line does not count. */
export async function readParts(runFolder: string): Promise<{ names: string[]; seqs: number[] }> {
  const folder = join(runFolder, 'parts');
  const found = await readdir(folder).catch(() => []);
  const names = found.filter((name) => /^\d+-\d+\.jsonl$/.test(name));
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  const seqs = texts.flatMap((text) => wholeLinesOf(text).map((line) => Number(JSON.parse(line).seq)));
  return { names, seqs };
}

export async function readJson(path: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path, 'utf8'));
}

const linesOf = (text: string) => text.split('\n').slice(0, -1);
const wholeLinesOf = linesOf;
