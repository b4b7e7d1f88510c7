// Prints what production installs as a CycloneDX document: `npm run --silent sbom`. `npm sbom --omit dev` leaves out every
// package that a development package needs, too (78 of 171 were listed by npm 11.19), so all are asked for, and those
// that the lock file has for development alone are taken out here.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const { packages } = JSON.parse(await readFile(new URL('../package-lock.json', import.meta.url), 'utf8'));
const installed = new Set(
  Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(
      ([path, { name, version }]) =>
        `${name ?? path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`,
    ),
);
const { stdout } = await promisify(execFile)(
  'npm',
  ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application', '--package-lock-only'],
  { maxBuffer: 2 ** 26 },
);
/**
 * @type {{
 *   metadata: { component: { 'bom-ref': string } };
 *   components: { 'bom-ref': string; name: string; version: string }[];
 *   dependencies: { ref: string; dependsOn: string[] }[];
 * }}
 */
const document = JSON.parse(stdout);
const root = document.metadata.component['bom-ref'];
document.components = document.components.filter(({ name, version }) => installed.has(`${name}@${version}`));
const listed = new Set(document.components.map((component) => component['bom-ref']));
document.dependencies = document.dependencies
  .filter(({ ref }) => ref === root || listed.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((other) => listed.has(other)) }));
const names = new Set(document.components.map(({ name, version }) => `${name}@${version}`));
const missing = [...installed].filter((each) => !names.has(each));
if (missing.length > 0) throw new Error(`npm sbom does not list ${missing.join(', ')}.`);
console.log(JSON.stringify(document, undefined, 2));
