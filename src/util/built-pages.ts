import { fileURLToPath } from 'node:url';

/** The folder of the pages that `npm run build` makes. From `src/util/` the way is as from `dist/chunks/`. */
export const builtPages = fileURLToPath(new URL('../../dist/web/', import.meta.url));
