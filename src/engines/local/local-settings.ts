import { z } from 'zod';
import { inGroup } from '../../settings/setting.ts';
import { text, type ValueType, wholeNumber } from '../../settings/value-types.ts';
import { type Chaos, chaos } from './chaos.ts';

const chaosType: ValueType<Chaos, string> = {
  read: chaos,
  stored: z.object({ seed: z.number(), shares: z.record(z.string(), z.number()) }),
  write: ({ seed, shares }) =>
    [...Object.entries(shares).map(([kind, share]) => `${kind}=${share * 100}%`), `seed=${seed}`].join(','),
};

/** Settings of the local engine as a server (`rollcall engine`). */
export const localSettings = inGroup('engine', {
  port: {
    type: wholeNumber(0, 65_535),
    scope: 'process',
    commands: ['engine'],
    default: '8787',
    placeholder: '<port>',
    description: 'where the local engine listens; 0: any that is free',
  },
  host: {
    type: text,
    scope: 'process',
    commands: ['engine'],
    default: '127.0.0.1',
    placeholder: '<address>',
    description: 'address on which the local engine listens; others than loopback are open to other machines',
  },
  data: {
    type: text,
    scope: 'process',
    commands: ['engine'],
    placeholder: '<folder>',
    description: "where the local engine keeps its templates; default: local-engine in the state's folder",
  },
  chaos: {
    type: chaosType,
    scope: 'process',
    commands: ['engine'],
    placeholder: '<shares>',
    description: 'inject faults into the local engine: 5xx=5%,429=2%,reset=1%,slow=2%,half=1%,seed=7',
  },
});
