import { text, type ValueType, written } from './value-types.ts';

/**
 * Where the state is. A text that is meant as another address (`gs://…`, `s3:/…`), or that a shell was to fill in
 * (`--state=~/rollcall`, `${HOME}` in a file for Docker), would be a folder of that name, below wherever the command is
 * started: an empty state, that knows neither who is enrolled nor who is forgotten.
 */
export const statePlace: ValueType<string, string> = {
  ...text,
  read: written('expected a folder, written out, or s3://bucket/prefix', (place) =>
    place.trim() === '' || isMeantAsMore(place) ? undefined : place,
  ),
};

const isMeantAsMore = (place: string) =>
  (/^[a-z][a-z\d+.-]*:/iu.test(place) && !/^s3:\/\//iu.test(place)) ||
  /^~(?:\/|$)|^\$|\$[{(]|^%\w+%/u.test(place) ||
  /\p{Cc}/u.test(place);
