import { DateTime } from 'luxon';
import type { Slot } from './slot.ts';

/**
 * Returns whether the clocks of the slot's place and of the reader's zone differ at the start or at the end of the
 * slot. Two zones with different names can have the same time.
 */
export const isOtherTimeAtPlace = (slot: Slot, zone: string): boolean =>
  [slot.start, slot.end].some((instant) => offsetOf(instant, slot.zone) !== offsetOf(instant, zone));

const offsetOf = (instant: Slot['start'], zone: string): number => DateTime.fromISO(instant, { zone }).offset;
