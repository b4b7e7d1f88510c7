const suffixes = new Set('jpg jpeg jpe png webp heic heif avif tif tiff gif bmp'.split(' '));

/** Whether a file is a photo, by its suffix in any case. Hidden files (`._anna.jpg`) are none. */
export function isPhotoFileName(name: string): boolean {
  if (name.startsWith('.')) return false;
  const dot = name.lastIndexOf('.');
  return dot > 0 && suffixes.has(name.slice(dot + 1).toLowerCase());
}

/** Folders that no one keeps photos in: hidden ones, and those that systems and network drives add. */
export function isHiddenFolderName(name: string): boolean {
  return name.startsWith('.') || name === '@eaDir' || name === '__MACOSX';
}
