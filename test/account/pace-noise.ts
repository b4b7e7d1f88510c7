/** Keeps one core busy until it is ended. */
process.stdin.on('end', () => process.exit(0)).resume();
const burn = () => {
  const until = performance.now() + 100;
  while (performance.now() < until);
  setImmediate(burn);
};
burn();
