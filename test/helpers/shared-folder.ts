const variable = 'ROLLCALL_TEST_SHARED';

/**
 * A folder for what is made once in a run of the tests (test/setup/share-folder.ts); undefined where a helper is used by
 * a script.
 */
export const sharedFolder = (): string | undefined => process.env[variable];

export function setSharedFolder(path: string): void {
  process.env[variable] = path;
}
