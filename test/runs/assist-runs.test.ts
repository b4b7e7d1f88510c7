import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { openAssistance } from '../../src/runs/assist-runs.ts';

it('looks for a run that it joins, and for none after its end: nobody would tell it to leave', async () => {
  const looked: string[] = [];
  const tools = {
    log: pino({ level: 'silent' }),
    state: { read: async (path: string) => void looked.push(path) },
  };
  const assistance = openAssistance(
    tools as unknown as Parameters<typeof openAssistance>[0],
    new AbortController().signal,
  );
  assistance.join('early');
  await turn();
  expect(looked).not.toEqual([]);
  await assistance.end();
  looked.length = 0;
  assistance.join('late');
  await turn();
  expect(looked).toEqual([]);
  await assistance.end();
});
