import type { EnrollFlags } from '../engines/engine.ts';
import type { RunSettings } from '../records/run-record.ts';

/**
 * What a run asks of an engine that takes flags. A required liveness is validated by the engine as well: so a photo that
 * is not live need not be stored first to be rejected here.
 */
export function enrollFlagsOf(settings: RunSettings): EnrollFlags {
  const { checkQuality, checkAttribute, validateQuality, validateAttribute, validateNface } = settings;
  const validateLiveness = settings.validateLiveness || settings.require.includes('liveness');
  return {
    checkQuality,
    checkAttribute,
    validateQuality,
    validateAttribute,
    validateLiveness,
    validateNface,
  };
}
