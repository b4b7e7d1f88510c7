import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** See README.md in that folder. */
export function readHeic(name: 'photo' | 'display-p3' | 'alpha' | 'deep'): Promise<Buffer> {
  return readFile(fileURLToPath(new URL(`../fixtures/heic/${name}.heic`, import.meta.url)));
}

/** A property of a HEIC that turns it: by 90 degrees against the clock each, or over an axis. */
export const turn = (quarters: 1 | 2 | 3) => box('irot', Buffer.from([quarters]));
export const mirror = (axis: 'top and bottom' | 'left and right') =>
  box('imir', Buffer.from([axis === 'top and bottom' ? 0 : 1]));

/** How the colours of a HEIC without an ICC profile are meant (`nclx`), by the numbers of ITU-T H.273. */
export const colourPrimaries = (primaries: number) =>
  box('colr', Buffer.from([...Buffer.from('nclx'), 0, primaries, 0, 13, 0, 6, 0x80]));

/** A HEIC of heif-enc with further properties of its picture, item 1; `without`: a property that is made void. */
export function withProperties(heic: Buffer, properties: readonly Buffer[], without = 'none'): Buffer {
  const added = Buffer.concat(properties).length + properties.length;
  const inMeta = {
    iprp: (content: Buffer) => eachBox(content, inProperties),
    // heif-enc has its data behind all else, at offsets from the file's start.
    iloc: (places: Buffer) => move(places, added),
  };
  const inProperties = {
    ipco: (content: Buffer) => Buffer.concat([eachBox(content, {}, without), ...properties]),
    ipma: (content: Buffer) => associate(content, properties.length),
  };
  return eachBox(heic, {
    meta: (content) => Buffer.concat([content.subarray(0, 4), eachBox(content.subarray(4), inMeta)]),
  });
}

function box(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4);
  return Buffer.concat([head, content]);
}

/** Boxes one after the other (ISO 14496-12), some with other content; one kind is made free space of. */
function eachBox(
  bytes: Buffer,
  change: Readonly<Record<string, (content: Buffer) => Buffer>>,
  without = 'none',
): Buffer {
  const boxes: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const content = bytes.subarray(at + 8, at + size);
    boxes.push(box(type === without ? 'free' : type, change[type]?.(content) ?? content));
    at += size;
  }
  return Buffer.concat(boxes);
}

/** Version 0 with one item: its number, how many properties, their numbers (each a byte, from 1). */
function associate(content: Buffer, added: number): Buffer {
  const count = content.readUInt8(10);
  const numbers = Array.from({ length: added }, (_, index) => 0x80 | (count + index + 1));
  const changed = Buffer.concat([content, Buffer.from(numbers)]);
  changed.writeUInt8(count + added, 10);
  return changed;
}

/** Version 0 with offsets, lengths and base offsets of four bytes, one extent an item. */
function move(places: Buffer, by: number): Buffer {
  const moved = Buffer.from(places);
  for (let item = 0; item < places.readUInt16BE(6); item += 1) {
    const at = 8 + item * 18 + 4;
    moved.writeUInt32BE(places.readUInt32BE(at) + by, at);
  }
  return moved;
}
