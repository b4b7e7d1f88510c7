/**
 * Part of `npm run lint`: a room of `src/` imports only from rooms below it, types included, and no two folders within
 * a room import each other. Cycles between files are Biome's to find (`noImportCycles`).
 * Usage: node scripts/lint-rooms.js [folder of the project]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';

/** From the top down. Files beside the rooms (`index.ts`) put the program together and may import from all of them. */
const rooms = [
  'cli',
  'serve',
  'schedule',
  'runs',
  'conductor',
  'worker',
  'ledger',
  'queue',
  'account',
  'engines',
  'photos',
  'records',
  'sources',
  'storage',
  'settings',
  'util',
];

const source = join(resolve(process.argv[2] ?? '.'), 'src');
/** @type {string[]} */
const faults = [];
/** `from` of every pair of folders in which one file imports another, and that file. @type {Map<string, string>} */
const arrows = new Map();

for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (!/\.[jt]s$/.test(path) || !path.includes('/')) continue;
  const room = roomOf(path);
  if (!rooms.includes(room)) faults.push(`src/${path}: "${room}" is no room; there are ${rooms.join(', ')}.`);
  for (const imported of importsOf(path)) {
    if (imported.startsWith('..')) continue;
    if (rooms.indexOf(roomOf(imported)) < rooms.indexOf(room)) {
      faults.push(`src/${path} imports src/${imported}: ${room} is below ${roomOf(imported)}.`);
    }
    const [from, to] = [dirname(path), dirname(imported)];
    // A folder and the folders in it are one thing.
    if (!`${from}/`.startsWith(`${to}/`) && !`${to}/`.startsWith(`${from}/`))
      arrows.set(`${from} ${to}`, path);
  }
}

for (const [arrow, path] of arrows) {
  const [from = '', to = ''] = arrow.split(' ');
  const back = arrows.get(`${to} ${from}`);
  if (back !== undefined && from < to) {
    faults.push(`src/${from} and src/${to} import each other: see src/${path} and src/${back}.`);
  }
}

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;

/** @param {string} path from `src`; gives '' for a file that stands beside the rooms, which nothing may import */
function roomOf(path) {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

/** The files of `src` that a file names, in imports, exports, types, dynamic imports and URLs. @param {string} path */
function importsOf(path) {
  const text = readFileSync(join(source, path), 'utf8');
  const named = text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\bnew URL\()\s*['"](\.[^'"]+)['"]/g);
  return [...named].map(([, target = '']) => normalize(join(dirname(path), target)));
}
