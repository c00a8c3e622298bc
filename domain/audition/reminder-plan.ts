/** Computes the reminders of a slot from offsets, zones and quiet hours. The workflow history keeps the result. */
import type { ParticipantId } from '../ids.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { outsideQuietHours } from '../time/quiet-hours.ts';
import type { Participant } from './request.ts';
import type { Slot } from './slot.ts';

/** One reminder: its time and its recipients. */
export interface Reminder {
  readonly at: Instant;
  readonly offsetMs: number;
  readonly participants: readonly ParticipantId[];
}

/**
 * Returns the reminders of all participants in the order of time, one entry for each pair of time and offset. Times are
 * moved out of each participant's quiet hours. Reminders due at or before `now` are dropped. When quiet hours move two
 * reminders of a participant to the same minute, only the one with the smaller offset is kept.
 * @param offsets milliseconds before the start of the slot
 */
export const planReminders = (
  slot: Slot,
  offsets: readonly number[],
  participants: readonly Pick<Participant, 'id' | 'zone' | 'quietHours'>[],
  now: Instant,
): readonly Reminder[] => {
  const planned = participants.flatMap((participant) => remindersOf(participant, slot, offsets, now));
  const groups = new Map<string, { at: Instant; offsetMs: number; participants: ParticipantId[] }>();
  for (const { id, at, offsetMs } of planned) {
    const group = groups.get(`${at} ${offsetMs}`);
    if (group) group.participants.push(id);
    else groups.set(`${at} ${offsetMs}`, { at, offsetMs, participants: [id] });
  }
  return [...groups.values()].sort((a, b) => a.at.localeCompare(b.at) || b.offsetMs - a.offsetMs);
};

const remindersOf = (
  participant: Pick<Participant, 'id' | 'zone' | 'quietHours'>,
  slot: Slot,
  offsets: readonly number[],
  now: Instant,
) => {
  const nearestAt = new Map<Instant, number>();
  for (const offsetMs of offsets) {
    const due = toInstant(toEpochMs(slot.start) - offsetMs);
    if (due <= now) continue;
    const { quietHours, zone } = participant;
    const at = outsideQuietHours(due, quietHours, zone, { now, deadline: slot.start });
    nearestAt.set(at, Math.min(offsetMs, nearestAt.get(at) ?? offsetMs));
  }
  return [...nearestAt].map(([at, offsetMs]) => ({ id: participant.id, at, offsetMs }));
};
