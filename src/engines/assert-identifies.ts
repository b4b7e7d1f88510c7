import { UsageError } from '../util/errors.ts';
import type { Engine } from './engine.ts';

/** @throws UsageError where the engine cannot say who somebody is; `what`: the setting or command that needs it */
export function assertIdentifies(engine: Engine, what: string): void {
  if (engine.identify) return;
  throw new UsageError(
    'no-identification',
    `The engine ${engine.name} has no identification: ${what} is for engines that have it (ooto, local).`,
  );
}
