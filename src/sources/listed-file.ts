import type { IdPattern } from './id-from.ts';
import { problemOfText, readSubjectId } from './read-subject-id.ts';
import type { ListedPhoto } from './source.ts';

/** A photo whose id is told from its path, or why it cannot be. */
export function listedFile<About extends Pick<ListedPhoto, 'photo'>>(
  path: string,
  { idPattern, about }: { idPattern: IdPattern; about: About },
): ListedPhoto {
  const shown = JSON.stringify(path);
  const written = idPattern.matchFile(path);
  if (written === undefined)
    return { ...about, problem: `${shown} gives no subject id by --id-from "${idPattern.pattern}"` };
  const problem = problemOfText('its subject id', written);
  const { warnings, ...id } = readSubjectId(written);
  return {
    ...id,
    ...about,
    ...(warnings.length > 0 && { warnings }),
    ...(problem !== undefined && { problem: `${shown}: ${problem}` }),
  };
}
