import { everywhere, startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { oneOf, onOff, text } from '../value-types.ts';

/** What is written down and said. */
export const outputSettings = inGroup('output', {
  report: {
    type: oneOf(['all', 'changed']),
    scope: 'fixed',
    commands: startingRuns,
    default: 'all',
    placeholder: '<which>',
    description:
      'which lines the report of an incremental run has: all, or changed (without unchanged photos)',
  },
  keepDemographics: {
    type: onOff,
    // What a report says of people is decided when its run is started: one with age and race of some would keep neither
    // promise.
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'keep age, gender and race in the report',
  },
  traceSubjects: {
    type: onOff,
    scope: 'process',
    commands: ['run', 'worker', 'dead-letters'],
    default: 'false',
    description: 'traces (OTEL_EXPORTER_OTLP_ENDPOINT) name subjects and photos',
  },
  logLevel: {
    type: oneOf(['silent', 'error', 'warn', 'info', 'debug']),
    scope: 'process',
    commands: everywhere,
    default: 'warn',
    placeholder: '<level>',
    description: 'silent, error, warn, info or debug',
  },
  logFile: {
    type: text,
    scope: 'process',
    commands: everywhere,
    placeholder: '<file>',
    description: 'write logs there instead of stderr',
  },
});
