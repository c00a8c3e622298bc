/** Tells writes that another client was faster than from writes that the server refuses for good. */
import { ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import { isTrashRefusal } from './trash.ts';

/** Waits for the write, and returns its error when the stored event was not what we expected. */
export const conflictOf = async (write: Promise<void>): Promise<ProviderError | undefined> => {
  try {
    await write;
    return undefined;
  } catch (error) {
    if (error instanceof ProviderError && races.has(error.fault.kind) && !isTrashRefusal(error)) return error;
    throw error;
  }
};

const races: ReadonlySet<ProviderFaultKind> = new Set(['conflict', 'not_found']);
