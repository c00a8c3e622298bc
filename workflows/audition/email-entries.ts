/**
 * The participants with a connected calendar whose calendar entry is made by email for now, because the event is not in that
 * calendar: it is still to be written, or an operator has skipped it. Notices by email then make the entry, as for a
 * participant without a connected calendar. When the event is written, one email removes the entry.
 */
import { patched } from '@temporalio/workflow';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Participant, WritableCalendarRef } from '../../domain/audition/request.ts';
import { isSameCalendar } from '../../domain/audition/same-calendar.ts';
import { ownersOfSkipped } from '../../domain/audition/skipped-events.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { hasWritableCalendar, isWritableCalendar } from '../../domain/audition/writable-calendar.ts';
import type { ParticipantId } from '../../domain/ids.ts';

/** In earlier versions, the entry of a participant who had declined stayed in the calendar. */
const declinedEntryPatch = 'entry-of-a-participant-who-declined';

/** In earlier versions, it stayed with a connected calendar that does not have the event. */
const missingEventPatch = 'entry-of-a-decliner-without-event';

/** In earlier versions, an update made the entry of a participant who had declined again. */
export const noEntryPatch = 'no-entry-for-a-decliner';

export interface EmailEntry {
  readonly participant: ParticipantId;
  /**
   * - `awaited`: the event is being written.
   * - `skipped`: the event is not there, and nothing writes it before the next move or reconnection.
   * - `written`: the event is there. The email that removes the entry is still to be sent.
   */
  readonly event: 'awaited' | 'skipped' | 'written';
}

/** The part of a run that is needed here. */
interface State {
  readonly plan: { readonly participants: readonly Participant[] };
  emailEntries: readonly EmailEntry[];
}

/** Leaves the entry of a participant who has got a connected calendar with the emails, until the event is written. */
export const keepEntryByEmail = (run: State, participant: ParticipantId): void =>
  setEvent(run, participant, 'awaited');

/** Makes the entries of all who have the calendar entries by email, after an operator has skipped the event. */
export const eventSkipped = (run: State, calendar: WritableCalendarRef): void => {
  for (const { id, channels } of ownersOf(run, calendar)) {
    if (channels.includes('email')) setEvent(run, id, 'skipped');
  }
};

/** The part of a run that names the skipped events. */
interface Trail {
  readonly plan: Pick<AuditionPlan, 'participants' | 'formerParticipants'>;
  readonly journal: { readonly view: Pick<AuditionView, 'skippedEvents'> };
}

/** In earlier versions, a skipped event was known as such after it was written for another participant with the calendar. */
const sharedWritingPatch = 'skipped-event-written-for-another';

/** In earlier versions, a skipped event was known as such again after the one had left for whom it was written. */
const formerWritingPatch = 'skipped-event-written-for-a-former-owner';

/**
 * Returns whether the trail says that an operator has skipped the event of the calendar. It names the owners of each calendar, with the
 * connection that was written to, and in facts of earlier versions one owner. A later writing for any owner puts the event into the
 * calendar, where it stays for the others when that one leaves.
 */
export const isSkippedInTrail = ({ plan, journal }: Trail, calendar: WritableCalendarRef): boolean => {
  const owners = ownersOf({ plan }, calendar);
  const former = ownersOf({ plan: { participants: plan.formerParticipants ?? [] } }, calendar);
  const isWritten = (writtenFor: readonly ParticipantId[]) =>
    (isAmong(owners, writtenFor) && patched(sharedWritingPatch)) ||
    (isAmong(former, writtenFor) && patched(formerWritingPatch));
  return (
    journal.view.skippedEvents?.some(
      ({ writtenFor = [], ...event }) =>
        event.connection === calendar.connection &&
        isAmong(owners, ownersOfSkipped(event)) &&
        !isWritten(writtenFor),
    ) === true
  );
};

const isAmong = (people: readonly Participant[], ids: readonly ParticipantId[]): boolean =>
  people.some(({ id }) => ids.includes(id));

/** Returns the entries that emails make because of skipped events, as the trail has them: of all who have the calendar. */
export const skippedEntriesOf = (run: Trail): readonly EmailEntry[] =>
  run.plan.participants
    .filter(
      ({ calendar, channels }) =>
        channels.includes('email') &&
        calendar !== undefined &&
        isWritableCalendar(calendar) &&
        isSkippedInTrail(run, calendar),
    )
    .map(({ id }) => ({ participant: id, event: 'skipped' }));

/** In earlier versions, no email made the entry of a participant who got the address or the calendar after the skip. */
const skippedEntryPatch = 'skipped-entry-of-a-changed-cast';

/**
 * Makes the entries of those who have got an email address, or the calendar, after an operator has skipped the event. Call it before the
 * notices of the changed cast are sent. Returns those who have got such an entry.
 * @param toWrite the calendars into which the change writes the event
 */
export const addSkippedEntries = (
  run: State & Trail,
  toWrite: readonly WritableCalendarRef[],
): readonly ParticipantId[] => {
  const written = toWrite.flatMap((calendar) => ownersOf(run, calendar)).map(({ id }) => id);
  const known = run.emailEntries.map(({ participant }) => participant);
  const added = skippedEntriesOf(run).filter(
    ({ participant }) => !written.includes(participant) && !known.includes(participant),
  );
  if (added.length === 0 || !patched(skippedEntryPatch)) return [];
  run.emailEntries = [...run.emailEntries, ...added];
  return added.map(({ participant }) => participant);
};

/** Returns whether emails make the entry because an operator has skipped the event of the calendar. */
export const isEventSkipped = (run: State, calendar: WritableCalendarRef): boolean =>
  hasOwnerWhoseEventIs(run, calendar, 'skipped');

/** Returns whether emails make the entry of the participant because an operator has skipped the event. */
export const isEntryOfSkipped = (run: Pick<State, 'emailEntries'>, participant: ParticipantId): boolean =>
  hasEntryWhoseEventIs(run, participant, 'skipped');

/** Notes that an event that was skipped is being written. */
export const eventRequested = (run: State, calendar: WritableCalendarRef): void =>
  replaceEvent(run, calendar, 'awaited');

/** Returns whether an event that was requested is not written yet. */
export const isEventAwaited = (run: State, calendar: WritableCalendarRef): boolean =>
  hasOwnerWhoseEventIs(run, calendar, 'awaited');

/** Notes that the calendar has the event. */
export const eventWritten = (run: State, calendar: WritableCalendarRef): void =>
  replaceEvent(run, calendar, 'written');

/** Notes that an email has made an entry beside the event in the connected calendar. */
export const entryIsSurplus = (run: State, participant: ParticipantId): void =>
  setEvent(run, participant, 'written');

/** Forgets the entry of a participant who has left, or has another address. */
export const forgetEmailEntry = (run: State, participant: ParticipantId): void => {
  run.emailEntries = run.emailEntries.filter((entry) => entry.participant !== participant);
};

/** Returns whether emails make the participant's entry. */
export const isEntryByEmail = (
  { emailEntries }: Pick<State, 'emailEntries'>,
  participant: Participant,
): boolean =>
  !hasWritableCalendar(participant) ||
  emailEntries.some(({ participant: id, event }) => id === participant.id && event !== 'written');

/** Returns whether the notices by email make the participant's entry. */
export const getsEntryByEmail = (run: Pick<State, 'emailEntries'>, participant: Participant): boolean =>
  participant.channels.includes('email') && isEntryByEmail(run, participant);

/** Returns whether the entry of a participant who declines is removed in this version of the workflow. */
export const isDeclinedEntryRemoved = (participant: Participant): boolean =>
  patched(declinedEntryPatch) && (!hasWritableCalendar(participant) || patched(missingEventPatch));

/** Returns whether an email must remove an entry, because the event is written. */
export const hasMovedEntries = ({ emailEntries }: Pick<State, 'emailEntries'>): boolean =>
  emailEntries.some(({ event }) => event === 'written');

/** Returns those whose events are written, and forgets their entries. */
export const takeMovedEntries = (run: State): readonly ParticipantId[] => {
  const moved = run.emailEntries.filter(({ event }) => event === 'written');
  if (moved.length > 0) run.emailEntries = run.emailEntries.filter(({ event }) => event !== 'written');
  return moved.map(({ participant }) => participant);
};

const replaceEvent = (run: State, calendar: WritableCalendarRef, event: EmailEntry['event']): void => {
  for (const { id } of ownersOf(run, calendar)) {
    if (run.emailEntries.some(({ participant }) => participant === id)) setEvent(run, id, event);
  }
};

const setEvent = (run: State, participant: ParticipantId, event: EmailEntry['event']): void => {
  forgetEmailEntry(run, participant);
  run.emailEntries = [...run.emailEntries, { participant, event }];
};

const hasOwnerWhoseEventIs = (
  run: State,
  calendar: WritableCalendarRef,
  event: EmailEntry['event'],
): boolean => ownersOf(run, calendar).some(({ id }) => hasEntryWhoseEventIs(run, id, event));

const hasEntryWhoseEventIs = (
  { emailEntries }: Pick<State, 'emailEntries'>,
  participant: ParticipantId,
  event: EmailEntry['event'],
): boolean => emailEntries.some((entry) => entry.participant === participant && entry.event === event);

const ownersOf = ({ plan }: Pick<State, 'plan'>, calendar: WritableCalendarRef): readonly Participant[] =>
  plan.participants.filter(
    (participant) => participant.calendar && isSameCalendar(participant.calendar, calendar),
  );
