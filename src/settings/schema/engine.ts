import { ofAccounts } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { onOff, text } from '../value-types.ts';

/** Which engine, where. Engine and address belong to the run's account, which run.json has beside its settings. */
export const engineSettings = inGroup('engine', {
  engine: {
    type: text,
    scope: 'fixed',
    kept: 'elsewhere',
    commands: [...ofAccounts, 'preflight'],
    placeholder: '<name>',
    description: 'engine that enrolls: ooto, verihubs, local',
  },
  engineUrl: {
    type: text,
    scope: 'fixed',
    kept: 'elsewhere',
    commands: ofAccounts,
    placeholder: '<url>',
    description: "base address of the engine; default: the engine's own",
  },
  allowHttp: {
    type: onOff,
    scope: 'process',
    commands: ofAccounts,
    default: 'false',
    description:
      'allow an address of the engine, of --on-failure or of --webhook, that is plain http and not on this machine',
  },
});
