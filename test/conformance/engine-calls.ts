import type { Engine, EngineReply, EnrollRequest } from '../../src/engines/engine.ts';

/** One call, and how often its head was written. */
export async function enrollWith(
  engine: Engine,
  request: Partial<Omit<EnrollRequest, 'onSent'>> = {},
): Promise<{ reply: EngineReply; sent: number }> {
  let sent = 0;
  const reply = await engine.enroll({
    photo: tinyJpeg,
    format: 'jpeg',
    templateId: engine.templateIdFor('somebody'),
    checks: { liveness: false, deepfake: false },
    signal: new AbortController().signal,
    ...request,
    onSent: () => {
      sent += 1;
    },
  });
  return { reply, sent };
}

/** Images of 2 x 2 pixels: whole files, so that a script can be put into them. */
export const tinyJpeg = Buffer.from(
  '/9j/2wBDABsSFBcUERsXFhceHBsgKEIrKCUlKFE6PTBCYFVlZF9VXVtqeJmBanGQc1tdhbWGkJ6jq62rZ4C8ybqmx5moq6T/2wBDARweHigjKE4rK06kbl1upKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKSkpKT/wAARCAACAAIDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABAX/xAAUEQEAAAAAAAAAAAAAAAAAAAAA/9oADAMBAAIRAxEAPwCQCaY//9k=',
  'base64',
);

export const tinyPng = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAMAAABFaP0WAAAAA1BMVEWqZgBAMilNAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAAC0lEQVQImWNgAAEAAAYAAeaH/n8AAAAASUVORK5CYII=',
  'base64',
);
