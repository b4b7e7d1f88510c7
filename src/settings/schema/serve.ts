import { inGroup } from '../setting.ts';
import { list, onOff, text, wholeNumber } from '../value-types.ts';

/** The page and the HTTP API (`rollcall serve`), and what their clients may name. */
export const serveSettings = inGroup('queue and state', {
  servePort: {
    type: wholeNumber(0, 65_535),
    scope: 'process',
    commands: ['serve'],
    default: '8788',
    placeholder: '<port>',
    description: 'where page and API are served; 0: any that is free',
  },
  serveHost: {
    type: text,
    scope: 'process',
    commands: ['serve'],
    default: '127.0.0.1',
    placeholder: '<address>',
    description: 'address on which page and API are served; others than loopback need --token-file',
  },
  tokenFile: {
    type: text,
    scope: 'process',
    commands: ['serve'],
    placeholder: '<file>',
    description: 'the token that page and API ask for; default: serve-token in the state, made once',
  },
  readOnly: {
    type: onOff,
    scope: 'process',
    commands: ['serve'],
    default: 'false',
    description: 'page and API change nothing',
  },
  allowRoot: {
    type: list,
    scope: 'process',
    commands: ['serve'],
    default: '',
    placeholder: '<folders>',
    description: 'folders below which clients of the API may name folders, lists and photos',
  },
  allowBucket: {
    type: list,
    scope: 'process',
    commands: ['serve'],
    default: '',
    placeholder: '<buckets>',
    description: 'S3 buckets that clients of the API may name',
  },
});
