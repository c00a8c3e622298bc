/** Switches of the recording workflow that several of its files share. */

/**
 * Earlier releases handled the recordings of a meeting one after the other. A hold, an outage or a skip of one kept the copies of
 * the others at the provider. A failed transfer of one kept the others from being recorded as stored. A report that arrived
 * during the last removal was lost.
 */
export const apartPatch = 'recordings-apart';

/**
 * Earlier releases asked an operator when the provider could not be asked for twenty minutes. While the question was open, the
 * provider was not asked again.
 */
export const outagePatch = 'recording-outages';

/** Earlier releases did not look for a recording while an operator was asked about it. */
export const looksPatch = 'recording-looks';
