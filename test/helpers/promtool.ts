import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { provideProgram } from './provide-program.ts';

/**
 * What `promtool` says of something, by the program that Prometheus itself brings.
 * @throws with its words where it refuses
 */
export async function promtool(args: readonly string[], input?: string): Promise<string> {
  await provideProgram({
    program: 'promtool',
    debianPackage: 'prometheus',
    elsewhere: 'brew install prometheus',
  });
  const asked = promisify(execFile)('promtool', [...args]);
  asked.child.stdin?.end(input);
  const { stdout, stderr } = await asked.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`);
  });
  return stdout + stderr;
}
