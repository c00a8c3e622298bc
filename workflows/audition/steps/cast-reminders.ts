/** The reminders of a changed cast. */
import type { CastDifference } from '../../../domain/audition/cast-difference.ts';
import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';

/** The participants who stay keep their reminders. Those who are new get theirs. */
export const remindersAfter = (
  before: readonly Reminder[],
  planned: readonly Reminder[],
  { added, removed, replaced }: CastDifference,
): readonly Reminder[] => {
  const arrived = [...added, ...replaced.map(({ after }) => after)].map(({ id }) => id);
  const gone = [...removed.map(({ id }) => id), ...arrived];
  return [
    ...remindersOf(before, (id) => !gone.includes(id)),
    ...remindersOf(planned, (id) => arrived.includes(id)).filter(({ at }) => toEpochMs(at) > Date.now()),
  ].sort((a, b) => a.at.localeCompare(b.at) || b.offsetMs - a.offsetMs);
};

const remindersOf = (
  reminders: readonly Reminder[],
  isMeant: (id: ParticipantId) => boolean,
): readonly Reminder[] =>
  reminders.flatMap((reminder) => {
    const participants = reminder.participants.filter(isMeant);
    return participants.length > 0 ? [{ ...reminder, participants }] : [];
  });
