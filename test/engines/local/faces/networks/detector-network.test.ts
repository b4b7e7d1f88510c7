import { expect, test } from 'vitest';
import {
  type PredictionGrid,
  readPredictions,
} from '../../../../../src/engines/local/faces/networks/detector-network.ts';

/** Sides of the grids over the whole square, and boxes that a place has. */
const wholeGrids = [
  [32, 3],
  [16, 6],
  [8, 6],
  [4, 6],
  [2, 6],
  [1, 6],
] as const;

/** Each anchor is a box of a tenth of the square around its place. */
const anchors = Float32Array.from(
  wholeGrids.flatMap(([side, perPlace]) =>
    Array.from({ length: side * side * perPlace }, (_, index) => {
      const place = Math.floor(index / perPlace);
      const [x, y] = [((place % side) + 0.5) / side, (Math.floor(place / side) + 0.5) / side];
      return [y - 0.05, x - 0.05, y + 0.05, x + 0.05];
    }).flat(),
  ),
);

/** Grids that show nothing but the given faces: the first box of a place, moved by a share of a tenth of its size. */
function gridsWith(
  faces: readonly { grid: number; row: number; column: number; logit: number; moved?: number }[],
  width = 32,
): PredictionGrid[] {
  return wholeGrids.map(([side, perPlace], index) => {
    const columns = Math.max(1, Math.floor((side * width) / 32));
    const data = new Float32Array(columns * side * perPlace * 7);
    for (let number = 0; number < columns * side * perPlace; number += 1) {
      const place = Math.floor(number / perPlace);
      data[place * perPlace * 7 + perPlace * 4 + (number % perPlace) * 3 + 1] = -9;
    }
    for (const { grid, row, column, logit, moved = 0 } of faces) {
      if (grid !== index) continue;
      const at = (row * columns + column) * perPlace * 7;
      data[at + perPlace * 4 + 1] = logit;
      data[at + 1] = moved;
    }
    return { width: columns, height: side, data };
  });
}

const read = (grids: PredictionGrid[]) =>
  readPredictions(grids, { anchors, minScore: 0.5 }).map(({ score, box }) => ({
    score: Number(score.toFixed(3)),
    box: [box.x, box.y, box.width, box.height].map(Math.round),
  }));

test('a face is where the anchor of its place is, moved by what the network says', () => {
  const faces = [
    { grid: 0, row: 4, column: 20, logit: 3 },
    { grid: 1, row: 8, column: 2, logit: 2, moved: 5 },
  ];
  expect(read(gridsWith(faces))).toEqual([
    { score: 0.953, box: [302, 46, 51, 51] },
    { score: 0.881, box: [80, 246, 51, 51] },
  ]);
});

test('of boxes over one another only the most certain is a face, and none below the score', () => {
  const faces = [
    { grid: 0, row: 4, column: 20, logit: 2 },
    { grid: 0, row: 4, column: 21, logit: 3 },
    { grid: 0, row: 30, column: 3, logit: -0.1 },
  ];
  expect(read(gridsWith(faces))).toEqual([{ score: 0.953, box: [318, 46, 51, 51] }]);
});

test('grids over a part of the square say the same', () => {
  const faces = [
    { grid: 0, row: 4, column: 15, logit: 3 },
    { grid: 2, row: 7, column: 1, logit: 2 },
  ];
  expect(read(gridsWith(faces, 16))).toEqual(read(gridsWith(faces)));
});

test('a box over the edge ends there', () => {
  expect(read(gridsWith([{ grid: 0, row: 0, column: 31, logit: 3 }]))).toEqual([
    { score: 0.953, box: [478, 0, 34, 34] },
  ]);
});
