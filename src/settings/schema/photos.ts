import { lookingAtPhotos, startingRuns } from '../commands.ts';
import { inGroup } from '../setting.ts';
import { oneOf, onOff } from '../value-types.ts';

/** What is done with the bytes of a photo before they are sent. */
export const photoSettings = inGroup('photos', {
  preflight: {
    type: onOff,
    scope: 'fixed',
    commands: startingRuns,
    default: 'false',
    description: 'look at each photo with the local face models first; no call for one that would be refused',
  },
  prepare: {
    type: oneOf(['auto', 'never']),
    scope: 'fixed',
    commands: [...lookingAtPhotos, 'audit', 'inbox open'],
    default: 'auto',
    placeholder: '<when>',
    description:
      'auto: photos are converted, rotated or made smaller where the engine needs it; never: bytes are sent as they are',
  },
  stripMetadata: {
    type: onOff,
    scope: 'fixed',
    commands: [...startingRuns, 'identify', 'audit'],
    default: 'false',
    description: 'take GPS and all other metadata out of photos that are sent otherwise as they are',
  },
});
