import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRollcall } from '../../src/runs/open-rollcall.ts';
import { createServeApp } from '../../src/serve/create-app.ts';
import { createSessions } from '../../src/serve/security/sessions.ts';
import { formats, jsonSchemaOf } from './formats.ts';

/** What `docs/reference/` holds, by the names of its files: made from the code. */
export async function referenceFiles(): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const [name, format] of Object.entries(formats))
    files.set(`${name}.schema.json`, textOf(jsonSchemaOf(format)));
  files.set('openapi.json', textOf(await openApiDocument()));
  return files;
}

const textOf = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;

/** As a server answers it at `/api/v1/openapi.json`. */
async function openApiDocument(): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-reference-'));
  const rollcall = await openRollcall({ settings: { logLevel: 'silent' }, environment: {}, folder });
  const closing = new AbortController();
  const token = 'not-a-secret';
  const app = await createServeApp(
    { rollcall, readOnly: false, signal: closing.signal, openQueue: () => undefined },
    { host: '127.0.0.1', token, readOnly: false, sessions: createSessions({ token, name: 'reference' }) },
  );
  try {
    const { body } = await app.inject({
      url: '/api/v1/openapi.json',
      headers: { host: '127.0.0.1', authorization: `Bearer ${token}` },
    });
    return JSON.parse(body);
  } finally {
    closing.abort();
    await app.close();
    await rollcall.close();
    await rm(folder, { recursive: true, force: true });
  }
}
