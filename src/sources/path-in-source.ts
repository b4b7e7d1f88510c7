/** A photo's path from its source's root, with `/` between its parts; of an object elsewhere its key. */
export function pathInSource(photo: string, { address }: { address: string }): string {
  if (photo.startsWith(address)) return photo.slice(address.length).replace(/^[!#:/]+/u, '');
  return photo.replace(/^(?:[a-z][a-z0-9+.-]*:\/\/[^/]*\/|\/)/iu, '');
}
