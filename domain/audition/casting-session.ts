/** The casting session of an audition, and whether the audition takes place in the shared room of that session. */
import { DateTime } from 'luxon';
import { type AuditionId, type CastingSessionId, castingSessionIdSchema } from '../ids.ts';
import { isKnownZone } from '../time/known-zone.ts';
import type { MeetingSettings } from './meeting-settings.ts';
import type { Slot } from './slot.ts';

/** What a meeting is created for. A shared room is the meeting of a casting session. */
export type MeetingOwner = AuditionId | CastingSessionId;

/** Returns the day of the slot in its zone: `2026-12-03`. */
export const dayOfSlot = ({ start, zone }: Slot): string =>
  DateTime.fromISO(start, { zone: isKnownZone(zone) ? zone : 'utc' }).toFormat('yyyy-MM-dd');

/** Returns the casting session of the slot: the block and the day. Undefined for a slot of no block. */
export const castingSessionOf = (slot: Slot): CastingSessionId | undefined =>
  slot.block === undefined
    ? undefined
    : castingSessionIdSchema.parse(`ses_${slot.block.slice('blk_'.length)}-${dayOfSlot(slot)}`);

/**
 * Returns the casting session whose room the audition shares. Undefined when its meeting is its own: the settings ask for
 * that, or the slot is of no session. A recorded audition is never in a shared room, because a recording of the room shows
 * other performers.
 */
export const sharedRoomOf = (
  settings: MeetingSettings | undefined,
  slot: Slot,
): CastingSessionId | undefined =>
  settings?.room === 'session' && settings.recording !== 'cloud' ? castingSessionOf(slot) : undefined;

/** Returns whether the meeting belongs to one audition. */
export const isAuditionOwner = (owner: MeetingOwner): owner is AuditionId => owner.startsWith('aud_');
