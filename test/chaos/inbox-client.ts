import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';

/** Whom photos are given to by HTTP. */
export interface Client {
  readonly address: string;
  readonly token: string;
  readonly inbox: string;
  /** Requests that had to be made again. */
  again: number;
}

/** Where a photo's line will be. */
export interface Taken {
  readonly run: string;
  readonly seq: number;
}

type Given = { readonly subjectId: string } & ({ readonly photo: string } | { readonly picture: Uint8Array });

/** Gives a photo until it is taken in, and once more: it is the same one. */
export async function giveTwice(client: Client, key: string, given: Given): Promise<Taken> {
  const first = await give(client, key, given);
  const second = await give(client, key, given);
  assert.deepEqual(second, { ...first, repeated: true }, `${key} given twice`);
  return { run: first.run, seq: first.seq };
}

async function give(client: Client, key: string, given: Given): Promise<Taken & { repeated: boolean }> {
  const url = `${client.address}/api/v1/inboxes/${client.inbox}/photos`;
  const authorization = `Bearer ${client.token}`;
  while (true) {
    const request = { method: 'POST', ...bodyOf(given) };
    const headers = { ...request.headers, authorization, 'idempotency-key': key };
    const reply = await fetch(url, { ...request, headers, signal: AbortSignal.timeout(60_000) }).catch(
      () => undefined,
    );
    if (reply?.status === 202) {
      const answer = (await reply.json().catch(() => undefined)) as
        | Awaited<ReturnType<typeof give>>
        | undefined;
      if (answer) return answer;
    } else if (reply && ![429, 503].includes(reply.status))
      assert.fail(`${key} was answered ${reply.status}: ${await reply.text()}`);
    else await reply?.body?.cancel();
    client.again += 1;
    await delay(200);
  }
}

function bodyOf(given: Given): { headers: Record<string, string>; body: string | FormData } {
  if ('photo' in given)
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(given) };
  const body = new FormData();
  body.set('subjectId', given.subjectId);
  body.set('picture', new Blob([new Uint8Array(given.picture)]), 'photo.jpg');
  return { headers: {}, body };
}
