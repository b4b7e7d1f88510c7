import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { noteSeenWork, type SeenWork } from '../../../src/runs/metrics/seen-work.ts';
import { createWorkCounters } from '../../../src/runs/metrics/work-counters.ts';
import { gaugesText } from '../../../src/runs/metrics/work-gauges.ts';
import { writeFiles } from '../../helpers/photos.ts';
import { promtool } from '../../helpers/promtool.ts';
import { makeTemporaryFolder } from '../../helpers/temporary-folder.ts';
import { aRun } from './a-run.ts';

const deploy = join(import.meta.dirname, '../../../deploy');
const prometheus = (name: string) => join(deploy, 'prometheus', name);

/** Everything that is served, by a worker and by `serve`. */
let served: string;

beforeAll(async () => {
  const counters = createWorkCounters();
  counters.watch.begin()('enrolled');
  counters.watch.finished({ status: 'enrolled' }, 'ooto');
  const account = { rateLimit: 10, isUp: true, pausedFor: undefined };
  const gauges = await gaugesText({ runs: [aRun()], queue: { workers: 1, accounts: [account] } });
  served = gauges + (await counters.text());
});

it('what is served is what Prometheus asks for', async () => {
  expect(await promtool(['check', 'metrics'], served)).toBe('');
});

it('the alert rules are valid and go off when they should', async () => {
  await promtool(['check', 'config', '--syntax-only', prometheus('prometheus.yml')]);
  await promtool(['check', 'rules', prometheus('alerts.yml')]);
  expect(await promtool(['test', 'rules', prometheus('alerts.test.yml')])).toContain('SUCCESS');
});

describe('names', () => {
  const namesIn = (text: string) => new Set(text.match(/\brollcall_\w+/g));

  it('are those of the contract', () => {
    const names = [...served.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    expect(names.sort()).toEqual([
      'rollcall_account_paused gauge',
      'rollcall_call_duration_seconds histogram',
      'rollcall_calls_total counter',
      'rollcall_engine_up gauge',
      'rollcall_in_flight gauge',
      'rollcall_photos_left gauge',
      'rollcall_photos_total counter',
      'rollcall_queue_up gauge',
      'rollcall_rate_limit gauge',
      'rollcall_run_info gauge',
      'rollcall_workers gauge',
    ]);
  });

  it.each([
    ['the alert rules', 'prometheus/alerts.yml', 7],
    ['their tests', 'prometheus/alerts.test.yml', 7],
    ['the dashboard', 'grafana/rollcall.json', 12],
  ])('in %s are those that are served', async (_, file, least) => {
    const used = namesIn(await readFile(join(deploy, file), 'utf8'));
    expect(used.size).toBeGreaterThanOrEqual(least);
    const known = namesIn(served);
    expect([...used].filter((name) => !known.has(name))).toEqual([]);
  });

  it('and labels of the dashboard are served, and Prometheus can read each query', async () => {
    const { panels } = JSON.parse(await readFile(join(deploy, 'grafana/rollcall.json'), 'utf8'));
    const queries: string[] = panels.flatMap(({ targets }: { targets: { expr: string }[] }) =>
      targets.map(({ expr }) => expr.replaceAll('$__rate_interval', '1m')),
    );
    expect(queries.length).toBeGreaterThan(15);
    const folder = await makeTemporaryFolder();
    const rules = queries.map((expr, place) => ({ record: `query:${place}`, expr }));
    await writeFiles(folder.path, {
      'rules.yml': JSON.stringify({ groups: [{ name: 'dashboard', rules }] }),
    });
    await promtool(['check', 'rules', join(folder.path, 'rules.yml')]).finally(folder.remove);
    const labels = queries.flatMap((query) =>
      [...query.matchAll(/\bby \(([^)]+)\)/g)].flatMap(([, list = '']) => list.split(', ')),
    );
    const ofPrometheus = ['instance'];
    expect(labels).toContain('code');
    for (const label of labels)
      if (!ofPrometheus.includes(label)) expect(served).toMatch(new RegExp(`\\b${label}="`));
  });
});

describe('counters', () => {
  it('count a call with its duration, one that was not made not at all, and those in flight', async () => {
    const counters = createWorkCounters();
    const [enrolled, unmade] = [counters.watch.begin(), counters.watch.begin()];
    counters.watch.begin();
    enrolled('enrolled');
    unmade(undefined);
    const text = await counters.text();
    expect(text).toContain('rollcall_calls_total{kind="enrolled"} 1\n');
    expect(text).toContain('rollcall_call_duration_seconds_count 1\n');
    expect(text).toContain('rollcall_in_flight 1\n');
  });

  it('count what further processes did, also when they are gone', async () => {
    const counters = createWorkCounters();
    const told: SeenWork[] = [];
    const further = noteSeenWork((seen) => told.push(seen));
    further.watch.begin();
    further.watch.begin()('throttled');
    const error = { kind: 'rejected' as const, code: 'Ivanova', message: 'Ivanova' };
    further.watch.finished({ status: 'rejected', error }, 'ooto');
    further.close();
    for (const seen of told) counters.add(17, seen);
    expect(await counters.text()).toContain('rollcall_in_flight 1\n');
    counters.leave(17);
    const text = await counters.text();
    expect(text).toContain('rollcall_in_flight 0\n');
    expect(text).toContain('rollcall_calls_total{kind="throttled"} 1\n');
    expect(text).toContain('rollcall_photos_total{status="rejected",code="other"} 1\n');
  });
});
