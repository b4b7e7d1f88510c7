import sharp, { type Sharp, type SharpOptions } from 'sharp';

/** A drawing of 96 x 64 with a red, a blue, a green and a grey quarter, so that each rotation and mirroring differs. */
export function makeQuarters(): Sharp {
  const quarter = (background: string, left: number, top: number) => ({
    input: { create: { width: 48, height: 32, channels: 3, background } } as const,
    left,
    top,
  });
  return sharp({ create: { width: 96, height: 64, channels: 3, background: '#ff0000' } }).composite([
    quarter('#0000ff', 48, 0),
    quarter('#00ff00', 0, 32),
    quarter('#808080', 48, 32),
  ]);
}

/** The quarters of the drawing as it is seen for each EXIF orientation: from left to right, from top to bottom. */
export const quartersOf = ['', 'rbgy', 'bryg', 'ygbr', 'gyrb', 'rgby', 'gryb', 'ybgr', 'byrg'] as const;

type Pixel = readonly [red: number, green: number, blue: number];

/** The colour in the middle of each quarter. */
export async function readQuarters(picture: Buffer, options: SharpOptions = {}): Promise<Pixel[]> {
  const { data, info } = await sharp(picture, options).raw().toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  return [0.25, 0.75].flatMap((y) =>
    [0.25, 0.75].map((x): Pixel => {
      const at = (Math.floor(y * height) * width + Math.floor(x * width)) * channels;
      return [data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0];
    }),
  );
}

const colours: Readonly<Record<string, Pixel>> = {
  r: [255, 0, 0],
  g: [0, 255, 0],
  b: [0, 0, 255],
  y: [128, 128, 128],
  w: [255, 255, 255],
};

/** The quarters by their letters; `?` for a colour that is another one by more than `tolerance` in any channel. */
export async function nameQuarters(picture: Buffer, tolerance = 12): Promise<string> {
  const pixels = await readQuarters(picture);
  const nameOf = (pixel: Pixel) =>
    Object.entries(colours).find(([, colour]) =>
      colour.every((value, channel) => Math.abs(value - (pixel[channel] ?? 0)) <= tolerance),
    )?.[0] ?? '?';
  return pixels.map(nameOf).join('');
}
