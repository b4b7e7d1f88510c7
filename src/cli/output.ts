/** Results go to stdout, everything else to stderr. */
export const print = (text: string) => void process.stdout.write(`${text}\n`);
export const say = (text: string) => void process.stderr.write(`${text}\n`);

// Whoever reads the output may stop reading (`| head`): that is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit();
  throw error;
});
