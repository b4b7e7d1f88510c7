import { setSharedFolder, sharedFolder } from '../helpers/shared-folder.ts';
import { makeTemporaryFolder } from '../helpers/temporary-folder.ts';

/**
 * Once for all projects of a run that start servers. Nothing is started here: what many files use is made by the first
 * that asks for it.
 */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  if (sharedFolder() !== undefined) return undefined;
  const folder = await makeTemporaryFolder();
  setSharedFolder(folder.path);
  return folder.remove;
}
