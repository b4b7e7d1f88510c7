import { startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { listOf, onOff, sample, similarity } from '../value-types.ts';

/** What a photo has to be good for. */
export const checkSettings = inGroup('checks', {
  checkLiveness: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'ask the engine for its liveness check',
  },
  checkDeepfake: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'ask the engine for its deepfake check',
  },
  require: {
    type: listOf(['liveness', 'deepfake'], 'expected liveness, deepfake or both'),
    scope: 'fixed',
    commands: startingRuns,
    default: '',
    placeholder: '<checks>',
    description: 'checks that must be fine for a photo to count as enrolled: liveness,deepfake',
  },
  dedupe: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description:
      'identify each photo before it is enrolled; whoever is there under another template is a duplicate',
  },
  dedupeParallel: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'with --dedupe: several photos at once; twins that stand side by side may both be enrolled',
  },
  verify: {
    type: sample,
    scope: 'fixed',
    commands: startingRuns,
    placeholder: '<which>',
    description: 'identify photos after they were enrolled: all, a share (5%) or a count (100)',
  },
  undoable: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description:
      'ask the engine before each photo whether it holds a template under its id, one call more, so that rollcall undo can prove what it deletes',
  },
  threshold: {
    type: similarity,
    scope: 'fixed',
    commands: [...startingRuns, 'identify', 'audit'],
    placeholder: '<similarity>',
    description:
      "from which similarity on an identification counts as a match, in the engine's own scale; default: 0.75 of 1 at ooto and local, 82 of 100 at verihubs",
  },
});
