import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

/** @import { MainModule } from 'libheif-js/libheif-wasm/libheif.js' */
/** @import { DecodedPicture } from './write-tiff.js' */

const require = createRequire(import.meta.url);
/** @type {(options: object) => MainModule} */
const createLibheif = require('libheif-js/libheif-wasm/libheif.js');

// From libheif's headers.
const rgb = 1;
const interleavedRgb = 10;
const interleavedRgba = 11;
const interleaved = 10;
const iccTypes = [fourCharacters('prof'), fourCharacters('rICC')];
const nclxType = fourCharacters('nclx');
const displayP3Primaries = 12;
const turns = [fourCharacters('irot'), fourCharacters('imir')];

/**
 * Decodes the primary picture of a HEIC as libheif does: tiles put together, turned and mirrored as its properties say
 * (its EXIF orientation says the same again and is not applied), 8 bits a channel. Thumbnails, depth and gain maps are
 * left alone. libheif's memory is not freed: it goes with the thread.
 * @param {Uint8Array} bytes
 * @param {{ maxPixels: number }} limits
 * @returns {DecodedPicture & { ignoredExif: Uint8Array | undefined }} `ignoredExif`: where no property turns it
 */
export function decodeHeic(bytes, { maxPixels }) {
  const heif = openLibheif();
  const out = heif._malloc(16);
  const context = heif._heif_context_alloc();
  const file = heif._malloc(bytes.length);
  heif.HEAPU8.set(bytes, file);
  heif._heif_context_read_from_memory(out, context, file, bytes.length, 0);
  assertOk(heif, out);
  heif._heif_context_get_primary_image_handle(out, context, out + 12);
  assertOk(heif, out);
  const handle = readPointer(heif, out + 12);
  const pixels = heif._heif_image_handle_get_width(handle) * heif._heif_image_handle_get_height(handle);
  if (pixels > maxPixels) throw new Error(`it has ${pixels} pixels`);
  const channels = heif._heif_image_handle_has_alpha_channel(handle) ? 4 : 3;
  heif._heif_decode_image(out, handle, out + 12, rgb, channels === 4 ? interleavedRgba : interleavedRgb, 0);
  assertOk(heif, out);
  const image = readPointer(heif, out + 12);
  const ignoredExif = isTurnedByItself(heif, context, handle) ? undefined : readExif(heif, handle, out);
  return { ...readPixels(heif, image, channels), ...readProfile(heif, handle, out), ignoredExif };
}

/** @returns {MainModule} */
function openLibheif() {
  const wasmBinary = readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm'));
  return createLibheif({ wasmBinary, print: () => {}, printErr: () => {} });
}

/**
 * A `heif_error`: code, code within it, text.
 * @param {MainModule} heif @param {number} at
 */
function assertOk(heif, at) {
  if (readPointer(heif, at) === 0) return;
  const start = readPointer(heif, at + 8);
  const text = Buffer.from(heif.HEAPU8.subarray(start, start + 200)).toString('latin1');
  throw new Error(text.split('\0', 1)[0] || 'libheif gives no reason');
}

/** @param {MainModule} heif @param {number} at @returns {number} */
function readPointer(heif, at) {
  return heif.HEAPU32[at >> 2];
}

/** @param {MainModule} heif @param {number} image @param {3 | 4} channels */
function readPixels(heif, image, channels) {
  const width = heif._heif_image_get_width(image, interleaved);
  const height = heif._heif_image_get_height(image, interleaved);
  const strideAt = heif._malloc(4);
  const plane = heif._heif_image_get_plane_readonly(image, interleaved, strideAt);
  const stride = readPointer(heif, strideAt);
  /** @param {number} y */
  const row = (y) => heif.HEAPU8.subarray(plane + y * stride, plane + y * stride + width * channels);
  return { width, height, channels, row };
}

/**
 * @param {MainModule} heif @param {number} handle @param {number} out
 * @returns {Pick<DecodedPicture, 'profile' | 'isDisplayP3'>}
 */
function readProfile(heif, handle, out) {
  const type = heif._heif_image_handle_get_color_profile_type(handle);
  if (iccTypes.includes(type)) {
    const size = heif._heif_image_handle_get_raw_color_profile_size(handle);
    const at = heif._malloc(size);
    heif._heif_image_handle_get_raw_color_profile(out, handle, at);
    assertOk(heif, out);
    return { profile: heif.HEAPU8.slice(at, at + size) };
  }
  if (type !== nclxType) return {};
  heif._heif_image_handle_get_nclx_color_profile(out, handle, out + 12);
  assertOk(heif, out);
  return { isDisplayP3: readPointer(heif, readPointer(heif, out + 12) + 4) === displayP3Primaries };
}

/**
 * Whether a property of its own turns or mirrors it.
 * @param {MainModule} heif @param {number} context @param {number} handle
 */
function isTurnedByItself(heif, context, handle) {
  const id = heif._heif_image_handle_get_item_id(handle);
  return turns.some((type) => heif._heif_item_get_properties_of_type(context, id, type, 0, 0) > 0);
}

/**
 * @param {MainModule} heif @param {number} handle @param {number} out
 * @returns {Uint8Array | undefined}
 */
function readExif(heif, handle, out) {
  const type = heif._malloc(8);
  heif.HEAPU8.set(Buffer.from('Exif\0', 'latin1'), type);
  if (heif._heif_image_handle_get_list_of_metadata_block_IDs(handle, type, out, 1) < 1) return undefined;
  const id = readPointer(heif, out);
  const size = heif._heif_image_handle_get_metadata_size(handle, id);
  const at = heif._malloc(size);
  heif._heif_image_handle_get_metadata(out, handle, id, at);
  return readPointer(heif, out) === 0 ? heif.HEAPU8.slice(at, at + size) : undefined;
}

/** @param {string} text */
function fourCharacters(text) {
  return Buffer.from(text, 'latin1').readUInt32BE();
}
