/** Tells where an answer was given. */
import type { Origin } from './events.ts';

/** Returns whether the answer was given in a calendar program: there, or by the REPLY that it sends (RFC 5546, 3.2.3). */
export const isFromCalendar = (origin: Origin): boolean => origin === 'calendar' || origin === 'email';
