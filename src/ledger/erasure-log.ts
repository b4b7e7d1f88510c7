import type { StateStore } from '../storage/state/state-store.ts';
import { type Erasure, erasureSchemaName } from './forget-entry.ts';
import { erasureLogFolder, newFileName } from './forget-files.ts';

/** What one call adds to an account's erasure log: a file of its own, begun with its first line. */
export interface ErasureLog {
  /** Resolves when the line is durable. */
  append(
    erasure: Pick<Erasure, 'subject' | 'engine' | 'templates'> & {
      /** Milliseconds since 1970: when the subject was listed, perhaps by another machine's clock. */
      notBefore: number;
    },
  ): Promise<void>;
  /** The file's path; undefined where nothing was appended. */
  readonly path: string | undefined;
  close(): Promise<void>;
}

export function createErasureLog(state: StateStore, account: string): ErasureLog {
  const path = `${erasureLogFolder(account)}/${newFileName(new Date())}`;
  let opening: ReturnType<StateStore['openAppender']> | undefined;
  return {
    async append({ notBefore, ...erasure }) {
      opening ??= state.openAppender(path);
      const appender = await opening;
      const at = new Date(Math.max(Date.now(), notBefore)).toISOString();
      const line: Erasure = { schema: erasureSchemaName, at, ...erasure };
      await appender.append(`${JSON.stringify(line)}\n`);
    },
    get path() {
      return opening && path;
    },
    async close() {
      if (!opening) return;
      await (await opening).close();
      await state.seal(path);
    },
  };
}
