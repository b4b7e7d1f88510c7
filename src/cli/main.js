#!/usr/bin/env node
// The entry of the command line. No `import` above, no new syntax: a Node.js that is too old for the program must be
// able to read this file (10 and later are), so that it can say so.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`rollcall needs Node.js 20.19 or newer; this is Node.js ${process.versions.node}.`);
  process.exitCode = 2;
} else {
  // Without this Node.js would end with 1, which says that a run is done.
  import('./program.js').catch((error) => {
    const isShort = error.code === 'EMFILE';
    const fix = isShort
      ? 'This process may open too few files: allow it more (ulimit -n).'
      : 'Install it again.';
    console.error(`rollcall cannot be loaded: ${error.message}. ${fix}`);
    process.exitCode = 4;
  });
}
