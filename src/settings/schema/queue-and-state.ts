import { everywhere, onRuns, startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { statePlace } from '../state-place.ts';
import { duration, hostAndPort, onOff, text } from '../value-types.ts';

/** Where a process finds its work, and how it comes and goes. */
export const queueAndStateSettings = inGroup('queue and state', {
  queue: {
    type: text,
    scope: 'process',
    commands: onRuns,
    default: 'embedded',
    placeholder: '<address>',
    isSecret: true,
    description: 'embedded, redis://, rediss://, redis+sentinel://, redis+cluster:// or postgres://',
  },
  state: {
    type: statePlace,
    scope: 'process',
    commands: everywhere,
    default: './rollcall-data',
    placeholder: '<place>',
    description: 'where runs and reports are kept: a folder, or s3://bucket/prefix',
  },
  s3PathStyle: {
    type: onOff,
    scope: 'process',
    commands: onRuns,
    default: 'false',
    description: 'S3: the bucket in the path, not in the host name; most stores besides AWS need it',
  },
  sharedFiles: {
    type: onOff,
    scope: 'process',
    commands: [...startingRuns, 'inbox add', 'worker', 'dead-letters', 'review'],
    default: 'false',
    description: 'all workers see the files of the source under the same paths',
  },
  grace: {
    type: duration,
    scope: 'process',
    commands: ['run', 'worker', 'dead-letters', 'review', 'identify', 'audit', 'engine'],
    default: '25s',
    placeholder: '<duration>',
    description: 'how long calls in flight may go on after SIGTERM or SIGINT',
  },
  health: {
    type: hostAndPort,
    scope: 'process',
    commands: ['worker'],
    placeholder: '<host:port>',
    description:
      'where a worker answers GET /health, /metrics (for Prometheus) and /metrics.json; default: nowhere',
  },
});
