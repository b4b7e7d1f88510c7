import { posix } from 'node:path';
import { joinTerms } from '../../account/spending.ts';
import type { Engine } from '../../engines/engine.ts';
import { forgetMoneyFolder } from '../../ledger/forget-files.ts';
import { keyWithoutBlanks } from '../../ledger/ledger-event.ts';
import { UsageError } from '../../util/errors.ts';
import { holdTurn } from '../hold-turn.ts';
import { eraseSubjects } from './erase-subjects.ts';
import type { ForgetEnd, ForgetOptions, ForgetTools } from './forget-contract.ts';

/**
 * Enters subjects into the forget list of the settings' engine, so that no run enrolls them any more, and then deletes
 * their templates at the settings' account. May die on any line: started again with the same subjects it goes on with those that are not erased.
 * @param given subject ids; the same in another form of Unicode, or with blanks around it, is the same
 * @throws UsageError for an engine that cannot delete, and while another process forgets the same subjects where calls
 * have a price; the signal's reason when aborted
 */
export async function forgetSubjects(
  rollcall: ForgetTools,
  given: Iterable<string>,
  options: ForgetOptions,
): Promise<ForgetEnd> {
  const { state, settings } = rollcall;
  const { engine, calledAccount } = rollcall.engine();
  const deleteTemplate = deletionOf(engine);
  const subjects = [...new Set([...given].map(keyWithoutBlanks))];
  const moneyFolder = await forgetMoneyFolder(state, {
    engine: engine.name,
    account: calledAccount,
    subjects,
  });
  const forget = (signal: AbortSignal) =>
    eraseSubjects(rollcall, { subjects, moneyFolder, deleteTemplate }, { ...options, signal });
  const { price } = await joinTerms(state, moneyFolder, settings);
  if (!price) return forget(options.signal);
  // Two would share one budget, which is removed when the first of them is at its end.
  const turn = {
    key: `forget-${posix.basename(moneyFolder)}`,
    taken: 'Another process forgets the same subjects',
    signal: options.signal,
  };
  return holdTurn(rollcall, turn, forget);
}

function deletionOf(engine: Engine): NonNullable<Engine['deleteTemplate']> {
  const { deleteTemplate } = engine;
  if (deleteTemplate) return (request) => deleteTemplate.call(engine, request);
  throw new UsageError(
    'engine',
    `The engine ${engine.name} has no call that deletes a template: nobody was forgotten.`,
  );
}
