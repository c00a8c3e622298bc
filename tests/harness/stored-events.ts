/** What is stored of a calendar, for tests of providers that have no need of it. */
import type { StoredEvents } from '../../providers/ports.ts';

export const nothingStored: StoredEvents = { etags: async () => new Map() };
