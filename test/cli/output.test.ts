import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ReportLine } from '../../src/records/report/report-line.ts';
import { runFolderOf, writeFirstRunRecord } from '../../src/records/run-record.ts';
import { createSummaryBuilder } from '../../src/records/summary.ts';
import { newRecord } from '../../src/runs/create-or-resume-run.ts';
import { createLocalStateStore } from '../../src/storage/state/local-state-store.ts';
import { runInThisProcess } from '../helpers/command-in-process.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../helpers/temporary-folder.ts';
import { settingsOf } from '../runs/run-settings.ts';

/** What a terminal would obey, what forges a row, and what nobody sees, in all that others say. */
const evil = '\u001b]0;owned\u0007\u001b[2J\u009b31m\r\u202egpj\u200b\0\u2028';
const forged = '\n1\tenrolled\t\tforged';
const source = `/archive/${evil}${forged}.csv`;
const lines: ReportLine[] = [evil, forged, 'plain'].map((text, index) => ({
  schema: 'rollcall.report/1',
  run: 'run-1',
  seq: index + 1,
  subjectId: `emp-${text}`,
  photo: `/archive/${text}.jpg`,
  status: 'rejected',
  stored: 'no',
  error: { kind: 'rejected', code: `code-${text}`, message: `the engine says ${text}` },
  engine: 'ooto',
  finishedAt: '2026-01-01T00:00:00.000Z',
}));

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
  const state = createLocalStateStore(join(folder.path, 'rollcall-data'));
  const subject = {
    source: { address: source, sameSubject: 'repeat' as const },
    engine: 'ooto',
    engineUrl: 'https://engine.example',
    account: 'account',
  };
  const record = newRecord({ id: 'run-1', settings: await settingsOf({}), subject });
  const report = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const summary = createSummaryBuilder();
  for (const line of lines) summary.add(line);
  const reportSha256 = createHash('sha256').update(report).digest('hex');
  const built = summary.build({ run: 'run-1', state: 'finished', source, engine: 'ooto', reportSha256 });
  await state.write(`${runFolderOf('run-1')}/report.jsonl`, report);
  await state.write(`${runFolderOf('run-1')}/summary.json`, JSON.stringify(built));
  await writeFirstRunRecord(state, { ...record, state: 'paused', waitsFor: `the account: ${evil}${forged}` });
});
afterAll(() => folder.remove());

const runHere = (...args: readonly string[]) => runInThisProcess(args, { folder: folder.path });

it.each([
  [
    'dead-letters',
    [
      /^1\t/,
      /^2\trejected\tcode-\\n1\\tenrolled/,
      /^3\trejected\tcode-plain\temp-plain\t/,
      /^Run run-1 is not over: more may follow/,
    ],
  ],
  [
    'report',
    [/^Run run-1 finished/, / {2}enrolled/, / {2}rejected/, /by code/, /calls/, /^Report/, /^3 need/],
  ],
  [
    'status',
    [
      /^RUN /,
      /^run-1 {2}paused/,
      /^ {2}0 dead letters/,
      /^ {2}\/archive\/\\u001b\]0;owned\\u0007/,
      /^ {2}why it waits: the account/,
    ],
  ],
  [
    `run /archive/${evil}${forged}/x`,
    [/^The local engine/, /^rollcall: The source .*owned.* cannot be read/],
  ],
  [`status ${evil}${forged}`, [/^rollcall: There is no run \\u001b\]0;owned/]],
  [`status --no-such${evil}${forged}`, [/^error: unknown option/, /--help/]],
] as const)('%j: what others say is shown escaped, and a line stays a line', async (words, expected) => {
  const { stdout, stderr } = await runHere(...words.split(' '));
  const text = [stdout, stderr].filter((part) => part !== '').join('\n');
  expect(text).not.toMatch(/[^\P{C}\n\t]|[\u2028\u2029]/u);
  const shown = text.split('\n');
  expect(shown).toEqual(expected.map((line) => expect.stringMatching(line)));
});

it.each([
  ['dead-letters --json', lines],
  ['report --format jsonl', lines],
  ['status --json', [expect.objectContaining({ id: 'run-1', source })]],
  [
    'report --json',
    [expect.objectContaining({ source, byCode: expect.objectContaining({ [`code-${evil}`]: 1 }) })],
  ],
])('%s has everything unchanged', async (words, expected) => {
  const { stdout } = await runHere(...words.split(' '));
  expect(stdout.split('\n').map((line) => JSON.parse(line))).toEqual(expected);
});

describe('on a terminal', () => {
  const { stdout } = process;
  const asTerminal = { isTTY: true, columns: 80, getColorDepth: () => 1 };
  const before = Object.keys(asTerminal).map(
    (key) => [key, Object.getOwnPropertyDescriptor(stdout, key)] as const,
  );
  beforeAll(() => {
    for (const [key, value] of Object.entries(asTerminal))
      Object.defineProperty(stdout, key, { value, configurable: true });
  });
  afterAll(() => {
    for (const [key, descriptor] of before)
      if (descriptor) Object.defineProperty(stdout, key, descriptor);
      else Reflect.deleteProperty(stdout, key);
  });

  it.each([
    ['dead-letters', /^ {2}2 {2}rejected +code-\\n1\\tenrolled/m],
    ['dead-letters --json', /"emp-\\u001b\]0;owned/],
    ['status', /^ {2}why it waits: the account/m],
    ['status --json', /"source":"\/archive\/\\u001b/],
    ['report', /^Run run-1 finished/m],
    ['report --json', /"byCode":\{"code-\\u001b/],
    ['report --format csv', /^1,.*\\u001b\]0;owned/m],
    ['report --format jsonl', /"photo":"\/archive\/\\u001b/],
    [`forget --file ${evil}.txt --engine ooto`, /\\u001b\]0;owned/],
    [`forget ${evil} --allow --engine ooto`, /./],
    [`run ${evil}`, /\\u001b\]0;owned/],
  ])("nothing of %j is obeyed, programs' formats neither", async (words, expected) => {
    const { stdout, stderr } = await runHere(...words.split(' '));
    const text = [stdout, stderr].join('\n');
    expect(text).not.toMatch(/[^\P{C}\n\t]|[\u2028\u2029]/u);
    expect(text).toMatch(expected);
  });
});
