/**
 * Keeps updates in the order of the history. A worker that has not cached the workflow can deliver an update in one
 * activation with the result of an activity that came before it. The SDK then starts the handler of the update first.
 * A replay delivers the same result in an activation of its own, so it would schedule other commands, and the workflow
 * would be stuck. https://github.com/temporalio/sdk-rust/issues/1146
 */
import { condition } from '@temporalio/workflow';

/** In each pass, everything runs that the one before has made possible. A result needs two or three. */
const passes = 5;

/**
 * Resolves when the workflow has handled the results that were delivered together with the update. Must be called in a
 * scope that cannot be cancelled: a cancelled workflow handles updates too, as operators answer what its clean-up asks.
 */
export const earlierResultsHandled = async (): Promise<void> => {
  for (let pass = 0; pass < passes; pass += 1) await nextPass();
};

/** The SDK checks the conditions again when no promise is left to continue. */
const nextPass = (): Promise<void> => {
  let checks = 0;
  return condition(() => {
    checks += 1;
    return checks > 1;
  });
};
