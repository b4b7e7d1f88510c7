import { createLocalStateStore } from '../../../src/storage/state/local-state-store.ts';

/**
 * Writes state until it is killed or fails, and says in lines what was acknowledged.
 * `write`: one file again and again, each time with other content. `append`: numbered lines in batches of growing size.
 */
const [mode, folder = '', path = ''] = process.argv.slice(2);
const state = createLocalStateStore(folder);
const say = (text: string) => process.stdout.write(`${text}\n`);

async function write(): Promise<void> {
  for (let number = 1; ; number += 1) {
    await state.write(path, JSON.stringify({ number, filling: String(number).repeat(20_000) }));
    say(String(number));
  }
}

async function append(): Promise<void> {
  const appender = await state.openAppender(path);
  let last = appender.sizeInBytes === 0 ? 0 : await lastNumber();
  say(`from ${last}`);
  for (let size = 1; ; size += 1) {
    const numbers = Array.from({ length: size % 200 }, (_, index) => last + index + 1);
    last += numbers.length;
    const text = numbers
      .map((number) => `{"number":${number},"filling":"${'é'.repeat(number % 500)}"}\n`)
      .join('');
    try {
      await appender.append(text);
    } catch (error) {
      const { code, exitCode, message } = error as { code: string; exitCode: number; message: string };
      const again = await appender.append('{"never":true}\n').catch((second: Error) => second.message);
      say(JSON.stringify({ code, exitCode, message, again, durable: appender.sizeInBytes }));
      await appender.close();
      return;
    }
    say(`durable ${last}`);
  }
}

async function lastNumber(): Promise<number> {
  let last = 0;
  for await (const lines of state.readLines(path)) last = JSON.parse(lines.at(-1)?.text ?? '').number;
  return last;
}

await (mode === 'write' ? write() : append());
