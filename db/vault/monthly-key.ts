/**
 * Returns the id of the data key of this month: `inbox:2026-11`. One key per month limits how many texts a key seals.
 * Deleting the key of a past month makes the texts that were sealed under it unreadable, in backups too.
 */
export const monthlyKeyId = (owner: 'inbox' | 'ledger', now: Date): string =>
  `${owner}:${now.getUTCFullYear()}-${String(now.getUTCMonth() + 1).padStart(2, '0')}`;
