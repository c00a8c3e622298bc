/** How far a calendar is synchronized. `unavailable`: it vanished, or the account may no longer read it. */
export const syncStates = ['new', 'listing', 'in_sync', 'unavailable'] as const;
export type SyncState = (typeof syncStates)[number];
