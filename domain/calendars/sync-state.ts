/** How far a calendar is synchronized. `unavailable`: it vanished, the account may no longer read it, or it fails for another cause that lasts. */
export const syncStates = ['new', 'listing', 'in_sync', 'unavailable'] as const;
export type SyncState = (typeof syncStates)[number];
