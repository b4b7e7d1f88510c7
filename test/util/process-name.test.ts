import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { isDeadProcess, processName } from '../../src/util/process-name.ts';

const [host = '', pid = '', start = ''] = processName().split(':');

describe('the name of a process', () => {
  it('has three parts and stays the same', () => {
    expect(processName().split(':')).toHaveLength(3);
    expect(pid).toBe(String(process.pid));
    expect(processName()).toBe(processName());
  });

  it('is dead only when that is certain', () => {
    expect(isDeadProcess(processName())).toBe(false);
    expect(isDeadProcess(`${host}:${pid}:${start}1`)).toBe(true);
    expect(isDeadProcess(`${host}:${pid}:unknown`)).toBe(false);
    expect(isDeadProcess(`elsewhere~boot~1:${pid}:1`)).toBe(false);
    for (const name of [
      '',
      'x',
      `${host}:0:1`,
      `${host}:-5:1`,
      `${host}:one:1`,
      `${host}:${pid}`,
      `${host}:1:2:3`,
    ]) {
      expect(isDeadProcess(name), name).toBe(false);
    }
  });

  it('is dead once the process has ended', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    await once(child, 'spawn');
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    expect(isDeadProcess(`${host}:${child.pid}:${start}`)).toBe(true);
  });
});
