/** The code of `activities/messaging/unsupported-address.ts`: the mail server takes no address outside ASCII. */
export const isUnsupportedAddress = (code: string): boolean => code === 'address_not_supported';

/**
 * In earlier versions, an operator was asked about each notice to such an address. Called only for such a notice: the others have no
 * marker.
 */
export const unsupportedAddressPatch = 'fallback-of-an-unsupported-address';
