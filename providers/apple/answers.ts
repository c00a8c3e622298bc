/** Tells what a server says about an address. */
import { isTransient, ProviderError } from '../../domain/errors.ts';

/** `refused`: for another reason than that nothing is there. `failed`: the server has answered with a fault of its own. */
type AddressAnswer =
  | { readonly kind: 'answered' | 'absent' | 'refused' }
  | { readonly kind: 'failed'; readonly error: ProviderError };

/**
 * Waits for a request, and returns what its answer says about the address.
 *
 * @throws {ProviderError} when the password is rejected, and when there is no answer now: that says nothing about the address
 */
export const answerAbout = async (request: Promise<unknown>): Promise<AddressAnswer> => {
  try {
    await request;
    return { kind: 'answered' };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    if ((error.vendor.status ?? 0) >= 500) return { kind: 'failed', error };
    if (error.fault.kind === 'reconnect' || isTransient(error.fault)) throw error;
    return { kind: error.fault.kind === 'not_found' ? 'absent' : 'refused' };
  }
};
