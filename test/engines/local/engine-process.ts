import { openCommandLine, type RunningCommand } from '../../helpers/command-line.ts';
import { until } from '../../helpers/until.ts';

export interface EngineProcess {
  /** `http://127.0.0.1:…`, without a path. */
  readonly url: string;
  readonly command: RunningCommand;
}

/** `rollcall engine` on a free port, with its data in the folder. */
export async function startEngine(folder: string, args: readonly string[] = []): Promise<EngineProcess> {
  const commandLine = await openCommandLine();
  const command = commandLine.start(['engine', '--port', '0', ...args], { folder });
  const listening = /^Listening on (\S+),/m;
  const isThere = () => listening.test(command.stderr());
  await until(isThere, { what: 'a listening engine' });
  return { url: listening.exec(command.stderr())?.[1] ?? '', command };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
  readonly result: Record<string, unknown>;
}

export interface FormPart {
  readonly bytes: Buffer;
  readonly type?: string;
}

const credentials = { 'APP-ID': 'me', 'APP-KEY': 'any' };

/** A form as a browser or curl would send it; parts that are text are fields. */
export async function postForm(
  url: string,
  parts: Readonly<Record<string, FormPart | string>>,
  headers: Readonly<Record<string, string>> = credentials,
): Promise<Answer> {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) {
    if (typeof part === 'string') form.append(name, part);
    else form.append(name, new Blob([part.bytes], { type: part.type ?? 'image/jpeg' }), 'photo.jpg');
  }
  return answerOf(await fetch(url, { method: 'POST', headers, body: form }));
}

export async function sendJson(
  url: string,
  body: unknown,
  {
    method = 'POST',
    headers = credentials,
  }: { method?: string; headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const type = { 'content-type': 'application/json' };
  return answerOf(await fetch(url, { method, headers: { ...headers, ...type }, body: JSON.stringify(body) }));
}

async function answerOf(response: Response): Promise<Answer> {
  const body = (await response.json()) as Record<string, unknown>;
  const result = (body.result ?? {}) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, body, result };
}
