import type { leftOutFolderOf } from './list-rules.ts';
import type { ListOptions } from './source.ts';

export type LeftOutFolder = NonNullable<ReturnType<typeof leftOutFolderOf>>;

/** Files of a folder that is left out mostly follow each other: they are told together. */
export function createFolderCount(onLeftOut: ListOptions['onLeftOut']) {
  let open: (LeftOutFolder & { files: number }) | undefined;
  const end = async () => {
    const ended = open;
    open = undefined;
    if (ended !== undefined) await onLeftOut?.(ended);
  };
  return {
    async add(folder: LeftOutFolder) {
      if (open?.path !== folder.path) await end();
      open = { ...folder, files: (open?.files ?? 0) + 1 };
    },
    end,
  };
}
