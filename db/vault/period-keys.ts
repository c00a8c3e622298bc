/**
 * Ids of data keys that seal texts of one period. A key per period limits how many texts a key seals. Deleting the key of a
 * past period makes the texts that were sealed under it unreadable, in backups too.
 */

/** Returns the id of the data key of the ledger for this month, for effects of no audition: `ledger:2026-11`. */
export const ledgerKeyId = (now: Date): string => `ledger:${now.toISOString().slice(0, 7)}`;

/**
 * Returns the id of the data key of the inbox for this hour: `inbox:2026-11-14T15`. It is that short because an erasure waits
 * for the end of the period.
 */
export const inboxKeyId = (now: Date): string => `inbox:${now.toISOString().slice(0, 13)}`;

/**
 * Returns the id of the data key of one parked webhook: it can be kept for months, and the key of its hour must not be. It counts as
 * a key of the hour in which the webhook was parked.
 */
export const parkedKeyId = (now: Date, webhook: string): string => `${inboxKeyId(now)}:${webhook}`;
