/** Tells how far from a booked slot an event can conflict with it. */
import type { BookedParticipant } from '../../db/calendars/participant-conflicts.ts';
import { calendarGap, widen } from '../../domain/audition/conflict-rules.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';

/** The place counts only as far as there is one: the way to an event is the same from each room. */
const anyRoom = 'in person';

/** Returns the room of the slot for the rules; undefined: it takes place by video. */
export const roomOf = ({ isInPerson }: Pick<BookedParticipant, 'isInPerson'>): string | undefined =>
  isInPerson ? anyRoom : undefined;

/** Returns the slot with the longest gap that the rules need before and after it. A claim reads the same time. */
export const reachOf = (booked: Pick<BookedParticipant, 'slot' | 'isInPerson' | 'rules'>): TimeRange =>
  widen(booked.slot, calendarGap(booked.rules, roomOf(booked)));
