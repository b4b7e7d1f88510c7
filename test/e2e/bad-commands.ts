/** A command that cannot be carried out. Files are written before it is run. */
export interface BadCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly files?: Readonly<Record<string, Buffer | string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly exitCode: number;
  /** What stderr must name: the setting, file or column, and what to do. */
  readonly says: readonly (string | RegExp)[];
}

const archive = ['run', './archive'];
const csv = (text: string | Buffer) => ({ 'people.csv': text });
const wideHeader = Array.from({ length: 10_000 }, (_, index) => `column${index}`).join(',');

export const badCommands: readonly BadCommand[] = [
  // Settings: all three names, and what was expected.
  {
    name: 'a rate that is no number',
    args: [...archive, '--rate', 'fast'],
    exitCode: 2,
    says: ['--rate (ROLLCALL_RATE, "rate"', '"fast"', 'a number above 0'],
  },
  { name: 'a rate of nothing', args: [...archive, '--rate', '0'], exitCode: 2, says: ['--rate', 'above 0'] },
  {
    name: 'half a call at once',
    args: [...archive, '--concurrency', '1.5'],
    exitCode: 2,
    says: ['--concurrency', 'whole number'],
  },
  {
    name: 'a time without a unit',
    args: [...archive, '--timeout', '30'],
    exitCode: 2,
    says: ['--timeout', '30s'],
  },
  {
    name: 'a backoff that ends before it begins',
    args: [...archive, '--backoff', '60s..1s'],
    exitCode: 2,
    says: ['--backoff', '1s..60s'],
  },
  {
    name: 'a threshold of nothing',
    args: [...archive, '--stop-after-failures', '0%'],
    exitCode: 2,
    says: ['--stop-after-failures', '50%'],
  },
  {
    name: 'a repeat that is none',
    args: [...archive, '--repeat', 'some'],
    exitCode: 2,
    says: ['--repeat', 'first, last, each'],
  },
  {
    name: 'a check that no engine has',
    args: [...archive, '--require', 'smile'],
    exitCode: 2,
    says: ['--require', 'liveness'],
  },
  {
    name: 'a pattern without an id',
    args: [...archive, '--id-from', '{photo}.{ext}'],
    exitCode: 2,
    says: ['--id-from', '{id}'],
  },
  {
    name: 'a run id that is a path',
    args: [...archive, '--run-id', '../up'],
    exitCode: 2,
    says: ['--run-id', 'letters'],
  },
  { name: 'a flag that there is not', args: [...archive, '--speed', '9'], exitCode: 2, says: ['--speed'] },
  { name: 'a command that there is not', args: ['enrol', './archive'], exitCode: 2, says: ['enrol'] },
  {
    name: 'a setting by environment',
    args: archive,
    environment: { ROLLCALL_MAX_ATTEMPTS: '0' },
    exitCode: 2,
    says: ['ROLLCALL_MAX_ATTEMPTS', 'from 1'],
  },
  {
    name: 'a config file with an unknown key',
    args: archive,
    files: { 'rollcall.config.json': '{"rates": 5}' },
    exitCode: 2,
    says: ['rollcall.config.json', 'rates'],
  },
  {
    name: 'a config file that is no JSON',
    args: archive,
    files: { 'rollcall.config.json': '{rate: 5' },
    exitCode: 2,
    says: ['rollcall.config.json'],
  },
  // Engine, account, queue, state.
  {
    name: 'an engine that there is not',
    args: archive,
    environment: { ROLLCALL_ENGINE: 'oto' },
    exitCode: 2,
    says: ['--engine', '"oto"', 'ooto'],
  },
  {
    name: 'no engine, but credentials',
    args: archive,
    environment: { ROLLCALL_ENGINE: undefined },
    exitCode: 2,
    says: ['--engine ooto'],
  },
  {
    name: 'a missing key',
    args: archive,
    environment: { OOTO_APP_KEY: undefined },
    exitCode: 2,
    says: ['OOTO_APP_KEY', 'OOTO_APP_KEY_FILE'],
  },
  {
    name: 'a key file that is not there',
    args: archive,
    environment: { OOTO_APP_KEY: undefined, OOTO_APP_KEY_FILE: './no-key' },
    exitCode: 2,
    says: ['OOTO_APP_KEY_FILE'],
  },
  {
    name: 'a key with quotes around it',
    args: archive,
    environment: { OOTO_APP_KEY: '"geheim"' },
    exitCode: 2,
    says: ['OOTO_APP_KEY has quotes around its value'],
  },
  {
    name: 'a state in another store',
    args: [...archive, '--state', 'gs://bucket/state'],
    exitCode: 2,
    says: ['--state', 'gs://bucket/state', 's3://bucket/prefix'],
  },
  {
    name: 'a key given twice',
    args: archive,
    environment: { OOTO_APP_KEY_FILE: './key' },
    exitCode: 2,
    says: ['OOTO_APP_KEY', 'OOTO_APP_KEY_FILE'],
  },
  {
    name: 'an engine address that is none',
    args: archive,
    environment: { ROLLCALL_ENGINE_URL: 'engine' },
    exitCode: 2,
    says: ['--engine-url'],
  },
  {
    name: 'a key in clear text over the network',
    args: archive,
    environment: { ROLLCALL_ENGINE_URL: 'http://engine.example/api' },
    exitCode: 2,
    says: ['--engine-url', '--allow-http'],
  },
  {
    name: 'a queue that there is not',
    args: archive,
    environment: { ROLLCALL_QUEUE: 'mysql://db' },
    exitCode: 2,
    says: ['--queue', 'redis://'],
  },
  {
    name: 'a queue that does not answer',
    args: archive,
    environment: { ROLLCALL_QUEUE: 'redis://user:geheim@127.0.0.1:1' },
    exitCode: 4,
    says: ['--queue', '127.0.0.1:1'],
  },
  {
    name: 'a state that is a file',
    args: archive,
    files: { 'a-file': 'x' },
    environment: { ROLLCALL_STATE: './a-file' },
    exitCode: 4,
    says: ['a-file'],
  },
  // Sources.
  {
    name: 'a source that is not there',
    args: ['run', './nowhere'],
    exitCode: 2,
    says: ['nowhere', 'a folder'],
  },
  {
    name: 'a source of no known kind',
    args: ['run', './a.txt'],
    files: { 'a.txt': 'x' },
    exitCode: 2,
    says: ['a.txt', '.csv'],
  },
  {
    name: 'a source on S3 that is neither prefix nor manifest',
    args: ['run', 's3://bucket/photos'],
    exitCode: 2,
    says: ['s3://bucket/photos/', '.csv'],
  },
  {
    name: 'an empty folder',
    args: ['run', './empty'],
    files: { 'empty/readme.txt': 'no photo' },
    exitCode: 2,
    says: ['empty', '--allow-empty'],
  },
  {
    name: 'globs on a manifest',
    args: ['run', './people.csv', '--include', '*.jpg'],
    files: csv('id,photo\n1,a.jpg\n'),
    exitCode: 2,
    says: ['--include'],
  },
  {
    name: 'a CSV without the columns',
    args: ['run', './people.csv'],
    files: csv('name,picture\na,a.jpg\n'),
    exitCode: 2,
    says: ['subject_id', 'photo', 'name', 'picture'],
  },
  {
    name: 'a CSV with 10,000 columns and none of the right ones',
    args: ['run', './people.csv'],
    files: csv(`${wideHeader}\n`),
    exitCode: 2,
    says: ['subject_id', 'column0'],
  },
  {
    name: 'a CSV with a header twice',
    args: ['run', './people.csv'],
    files: csv('id,photo,photo\n1,a.jpg,b.jpg\n'),
    exitCode: 2,
    says: ['photo'],
  },
  {
    name: 'a CSV with semicolons',
    args: ['run', './people.csv'],
    files: csv('id;photo\n1;a.jpg\n'),
    exitCode: 2,
    says: [';'],
  },
  {
    name: 'a CSV in UTF-16',
    args: ['run', './people.csv'],
    files: csv(Buffer.from('\ufeffid,photo\n1,a.jpg\n', 'utf16le')),
    exitCode: 2,
    says: ['UTF-8'],
  },
  {
    name: 'a CSV that is a picture',
    args: ['run', './people.csv'],
    files: csv(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d])),
    exitCode: 2,
    says: ['people.csv'],
  },
  {
    name: 'a CSV of nothing',
    args: ['run', './people.csv'],
    files: csv(''),
    exitCode: 2,
    says: ['people.csv'],
  },
  {
    name: 'a CSV of a header alone',
    args: ['run', './people.csv'],
    files: csv('id,photo\n'),
    exitCode: 2,
    says: ['--allow-empty'],
  },
  {
    name: 'a run that there is not',
    args: ['report', 'no-such-run'],
    exitCode: 2,
    says: ['no-such-run', 'rollcall status'],
  },
];
