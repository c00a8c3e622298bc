/** Computes the reminders of a slot, once: what zones and quiet hours make of the offsets is kept in the history. */
import type { ParticipantId } from '../ids.ts';
import { toEpochMs, toInstant } from '../time/epoch.ts';
import type { Instant } from '../time/instant.ts';
import { outsideQuietHours } from '../time/quiet-hours.ts';
import type { Participant } from './request.ts';
import type { Slot } from './slot.ts';

/** One moment, and everybody who is to be reminded at it. Computed once and kept in the history. */
export interface Reminder {
  readonly at: Instant;
  readonly offsetMs: number;
  readonly participants: readonly ParticipantId[];
}

/**
 * Everybody is reminded at each offset (milliseconds before the start), moved out of their quiet hours. What is due
 * at or before `now` is dropped. Where quiet hours move two reminders of one person to the same minute, only the
 * one nearest to the start is kept. One entry for each pair of moment and offset, in the order of time.
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
