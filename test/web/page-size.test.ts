import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/command-line.ts';

const mostInBytes = 150_000;

let folder: string;
beforeAll(async () => {
  folder = join(dirname(dirname(await builtProgram())), 'web');
});

describe('the built page', () => {
  it('is small: all of it, compressed', async () => {
    const files = await readdir(join(folder, 'app'), { recursive: true, withFileTypes: true });
    const sizes = files
      .filter((file) => file.isFile())
      .map(async (file) => gzipSync(await readFile(join(file.parentPath, file.name))).length);
    const size = (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
    expect(size).toBeGreaterThan(10_000);
    expect(size).toBeLessThan(mostInBytes);
  });

  it('loads from its own server alone, and has no script or style within its text', async () => {
    const page = await readFile(join(folder, 'app', 'index.html'), 'utf8');
    for (const [, address = ''] of page.matchAll(/(?:src|href)="([^"]*)"/g)) expect(address).toMatch(/^\/\w/);
    expect(page).not.toMatch(/<style|style=|<script(?![^>]*\bsrc=)/);
  });

  it('has a report in one file: nothing is loaded, and no script but its own is carried out', async () => {
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    expect(gzipSync(page).length).toBeLessThan(mostInBytes);
    expect(page.split('<script type="application/json" id="data"></script>')).toHaveLength(2);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1] ?? '';
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[\w+/]+='; style-src 'sha256-[\w+/]+='; img-src data:; base-uri 'none'; form-action 'none'$/,
    );
    expect(page).not.toMatch(/<(?:link|img|iframe|script)[^>]*(?:src|href)=/);
  });
});
