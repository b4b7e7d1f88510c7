import { constants } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writePhotos } from '../helpers/photos.ts';
import { startInTerminal } from '../helpers/pseudo-terminal.ts';
import { openScene, type Scene } from '../helpers/scene.ts';
import { until } from '../helpers/until.ts';

let scene: Scene;

beforeEach(async () => {
  scene = await openScene({ environment: { ROLLCALL_RATE: '5' } });
  // More than the run could do within the time limit: it is paused before it ends, however busy the machine is.
  await writePhotos(join(scene.folder, 'archive'), { count: 999 });
});
afterEach(() => scene.close());

const firstLine = /^[━─]+ +\d+( of |\/)999 .*\d of [\d.]+\/s {1,2}[\dms]+( |$)/;
const before = /^Starting run \S+$|^\d\d:\d\d:\d\d (info|warning) {2}[^{]*( \(last: [^)]*\).*)?$/;

it('on a terminal a run has two lines at any width, through outage, throttling and pause', async () => {
  const { folder, environment, engine } = scene;
  const command = ['run', './archive', '--log-level', 'info', '--backoff', '10ms..20ms'];
  const terminal = await startInTerminal(command, { folder, environment, columns: 120 });

  /** Waits for the width and what the second line says, and holds that all other lines are those that belong there. */
  async function expectScreen(columns: number, secondLine: RegExp): Promise<void> {
    let lines: string[] = [];
    await until(
      async () => {
        lines = await terminal.lines();
        const [first = '', second = ''] = lines.slice(-2);
        return firstLine.test(first) && secondLine.test(second) && first.length < columns;
      },
      { what: `"${secondLine}" at ${columns} columns` },
    ).catch((error) => expect.fail(`${error}\n${lines.join('\n')}`));
    for (const line of lines.slice(0, -2)) expect(line).toMatch(before);
  }

  await expectScreen(120, /^no dead letters, no retries$/);
  terminal.resize(80);
  await expectScreen(80, /^no dead letters, no retries$/);
  engine.setMode('503');
  await expectScreen(
    80,
    /^The engine does not answer.*(the next try is in \d+ s|one photo is sent as a probe)/,
  );
  terminal.resize(60);
  await expectScreen(60, /^The engine does not answer; /);
  engine.setMode('normal');
  await expectScreen(60, /^(\d+ retr|no dead letters)/);
  engine.setMode('429:after=3');
  await expectScreen(60, /^The engine asked for a pause; calls go on in \d+ s\.( {2}\d+ retr(y|ies))?$/);
  terminal.resize(120);
  engine.setMode('normal');
  await expectScreen(
    120,
    /^The engine throttled calls: the pace is \d+ % of the rate and rises by 5 % a second\./,
  );

  const [runId = ''] = await scene.runIds();
  await scene.run(['pause', runId]);
  expect(await terminal.ended).toBe(3);
  const lines = await terminal.lines();
  expect(lines.slice(-2)).toEqual([
    `Run ${runId} is paused: it was paused by hand. To go on: rollcall resume ${runId}`,
    `No photo is lost: the run goes on where it stopped. To end it instead: rollcall cancel ${runId}`,
  ]);
  for (const line of lines.slice(0, -2)) expect(line).toMatch(before);
  expect(lines.filter((line) => line.includes(' warning  ')).length).toBeGreaterThanOrEqual(2);
  const { stdout } = await scene.run(['status', runId]);
  expect(stdout).toMatch(
    / {2}started\n.* {2}the engine does not answer\n.* {2}the engine answers again\n.* {2}the engine throttled calls\n.* {2}paused: by hand$/,
  );
});

it('a command that takes over a second says what it is at, and takes it away', async () => {
  const { folder, environment } = scene;
  scene.engine.setLatency([3_000, 3_000]);
  const terminal = await startInTerminal(['doctor'], { folder, environment, columns: 60 });
  await until(async () =>
    (await terminal.lines()).some((row) => /^[|/\\-] Checking the account +\ds$/.test(row)),
  );
  await terminal.ended;
  for (const row of await terminal.lines()) expect(row).not.toMatch(/^[|/\\-] /);
});

it('a run whose terminal is closed drains before the signal ends it', async () => {
  const { folder, environment, engine } = scene;
  engine.setLatency([300, 300]);
  const terminal = await startInTerminal(['run', './archive'], { folder, environment, columns: 80 });
  await until(() => engine.calls.length >= 2);
  await terminal.close();
  // 129 to a shell.
  expect(await terminal.ended).toBe(-constants.signals.SIGHUP);
  // What was called is answered, and what was answered is written down.
  const [runId = ''] = await scene.runIds();
  expect(engine.calls.every(({ status }) => status === 200)).toBe(true);
  expect((await scene.record(runId)).counts.done).toBe(engine.calls.length);
});

it('programs get a line of JSON a second', async () => {
  const end = await scene.run(['run', './archive', '--limit', '40', '--rate', '20', '--progress', 'json']);
  expect(end.exitCode).toBe(0);
  const lines = end.stderr.split('\n').filter((line) => line.startsWith('{'));
  const told = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(told.length).toBeGreaterThanOrEqual(2);
  expect(told.at(-1)).toMatchObject({
    ...{ schema: 'rollcall.progress/1', state: 'finished', total: 40, done: 40, byStatus: { enrolled: 40 } },
    ...{ byCode: {}, rateLimit: 20, etaSeconds: 0, waitsFor: null },
  });
});
