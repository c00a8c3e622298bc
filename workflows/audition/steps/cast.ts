/** Changes the cast of a running audition, with the calendars, holds and notices of the participants. */

import { patched } from '@temporalio/workflow';
import { castChangeRefusal } from '../../../domain/audition/cast-changes.ts';
import {
  type CastDifference,
  castDifference,
  keepsCalendar,
  keptChannels,
  leftChannels,
  movesCalendarEntry,
  usableChannels,
} from '../../../domain/audition/cast-difference.ts';
import type { ConflictHandling } from '../../../domain/audition/conflict-rules.ts';
import type { AuditionFact } from '../../../domain/audition/events.ts';
import type { AuditionPlan } from '../../../domain/audition/plan.ts';
import { formerCast } from '../../../domain/audition/present-cast.ts';
import type { FactSource } from '../../../domain/audition/principal.ts';
import type { Channel, Participant } from '../../../domain/audition/request.ts';
import { isSameCalendar } from '../../../domain/audition/same-calendar.ts';
import type { Blocker } from '../../../domain/audition/slot-conflict.ts';
import type { ParticipantView } from '../../../domain/audition/view.ts';
import { hasWritableCalendar } from '../../../domain/audition/writable-calendar.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { writableCalendarsOf } from '../calendars.ts';
import { runChange } from '../change.ts';
import type { Change } from '../change-in-progress.ts';
import { type AuditionCompensation, isRetraction } from '../compensations.ts';
import {
  addSkippedEntries,
  forgetEmailEntry,
  getsEntryByEmail,
  isDeclinedEntryRemoved,
  keepEntryByEmail,
  noEntryPatch,
} from '../email-entries.ts';
import { labelText } from '../label.ts';
import type { CastChange, ParticipantsCommand } from '../messages.ts';
import { isChangeable, wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { forgetSuppressed } from '../suppressed-addresses.ts';
import { undoInBackground } from '../undo-in-background.ts';
import { allAccepted, confirmWhenAccepted, pendingDecline } from './answers.ts';
import { removalId, type SlotRevision, type WriteOptions, writeCalendarEvents } from './calendar-events.ts';
import { remindersAfter } from './cast-reminders.ts';
import { type Claimed, claimSlot } from './claim.ts';
import { compareConsents } from './meeting-check.ts';
import { hasGotEmail, isEventWritten, noteSharedEvents } from './moved-entries.ts';
import {
  announceMovedEntries,
  isEntryDeclined,
  movedEntryFollowsEventPatch,
  movedEntryNotice,
  notify,
  notifyOne,
} from './notices.ts';
import { registerParticipants } from './registrants.ts';
import { assignRoles } from './roles.ts';

/**
 * Changes the cast. The slot is claimed again for the new cast first, under the conflict policy of the audition: a new
 * participant who is busy is refused by default, and nothing has changed.
 */
export const changeCast = async (
  run: AuditionRun,
  { changes, correlationId, principal, conflicts }: ParticipantsCommand,
): Promise<Refusal | undefined> => {
  const { view } = run.journal;
  if (!view.slot || !isChangeable('participants', view)) return wrongState('participants', view.state);
  const before = run.plan;
  const refusal = castChangeRefusal(before.participants, changes);
  if (refusal) return refusal;
  const participants = changes.reduce(applyChange, before.participants);
  const difference = castDifference(before.participants, participants);
  if (Object.values(difference).every(({ length }) => length === 0)) return undefined;
  const formerParticipants = formerCast(before, participants);
  return runChange(run, 'participants', (change) =>
    replaceCast(
      run,
      change,
      { ...before, participants, formerParticipants },
      { difference, source: { correlationId, principal }, conflicts },
    ),
  );
};

const replaceCast = async (
  run: AuditionRun,
  change: Change,
  plan: AuditionPlan,
  {
    difference,
    source,
    conflicts,
  }: {
    readonly difference: CastDifference;
    readonly source: FactSource;
    readonly conflicts: ConflictHandling | undefined;
  },
): Promise<Refusal | undefined> => {
  const claimed = await claimFor(run, plan, conflicts);
  if (claimed instanceof Refusal) return claimed;
  const decliners = leavingDecliners(run, difference);
  // Throws when the audition has ended: then the ending undoes everything, for the cast of before.
  recordChanges(run, difference, source, claimed.overridden);
  change.isMade = true;
  run.plan = plan;
  const leaving = leavingOf(difference);
  const recipients = leaving.map(({ participant }) => participant);
  const [shared, undone] = partition(
    leaving.flatMap((one) => compensationsOf(run, one)),
    (entry) => isShared(entry, plan.participants),
  );
  run.reminders = remindersAfter(run.reminders, claimed.reminders, difference);
  for (const { participant, channels } of leaving) {
    run.openNotices.removeOf(participant.id, channels);
    if (channels.length > 0) forgetSuppressed(run, participant.id);
    if (channels.includes('email')) forgetEmailEntry(run, participant.id);
  }
  confirmWhenAccepted(run, source);
  const [entries, others] = partition(undone, (entry) =>
    decliners.some(({ id }) => isRetraction(entry, id, 'email')),
  );
  undoFor(run, others, recipients);
  if (entries.length > 0) undoFor(run, entries, recipients, decliners);
  registerParticipants(run);
  assignRoles(run);
  compareConsents(run);
  await arrangeEvents(run, async (isBackground) => {
    await arrangeFor(run, difference, isBackground);
    // The event stays in a calendar that others share: it is theirs now. One who stays has registered the removal anew.
    const staying = plan.participants.map(({ id }) => removalId({ participant: id }));
    undoFor(
      run,
      shared.filter(({ id }) => !staying.includes(id)),
      recipients,
    );
  });
  return undefined;
};

const backgroundEventsPatch = 'events-of-a-changed-cast-in-background';

/**
 * Runs the work that writes the events of a changed cast. In the background it lets the other changes of the audition go on,
 * such as the move to another meeting: a calendar can wait for an operator for days. In earlier versions, they waited.
 */
const arrangeEvents = async (
  run: AuditionRun,
  work: (isBackground: boolean) => Promise<void>,
): Promise<void> => {
  if (!patched(backgroundEventsPatch)) return work(false);
  void run.runInBackground(async (detach) => {
    detach();
    await work(true);
  });
};

const recordChanges = (
  run: AuditionRun,
  { added, removed, replaced }: CastDifference,
  source: FactSource,
  overridden: readonly Blocker[] | undefined,
): void => {
  // The number of a claim is never used again.
  const generation = run.claims.held;
  const [first, ...others] = [
    ...removed.map(({ id }) => ({ type: 'participant_removed', participant: id }) as const),
    ...added.map(
      (participant) =>
        ({ type: 'participant_added', participant: memberOf(participant), generation }) as const,
    ),
    ...replaced.map(
      (change) =>
        ({
          type: 'participant_added',
          participant: memberOf(change.after),
          ...(change.isSamePerson
            ? { isSamePerson: true, ...readdressedBy(change, generation) }
            : { generation }),
          ...entryMarkOf(change, labelOf(run, 'added')),
        }) as const,
    ),
  ];
  if (first) run.record({ ...first, ...(overridden && { overridden: [...overridden] }) }, source);
  for (const fact of others) run.record(fact, source);
  if (run.journal.view.state === 'confirmed' && !allAccepted(run)) {
    run.record({ type: 'confirmation_lost' }, source);
  }
};

/** Returns what the trail says about the addresses of the same person. */
const readdressedBy = (
  change: CastDifference['replaced'][number],
  number: number,
): Pick<Extract<AuditionFact, { type: 'participant_added' }>, 'readdressed'> => {
  const left = leftChannels(change);
  return left.length > 0 ? { readdressed: { channels: [...left], number } } : {};
};

const entryMarkOf = (change: CastDifference['replaced'][number], label: string) => {
  if (!movesCalendarEntry(change)) return {};
  return hasWritableCalendar(change.after) ? { entryNotice: label } : { entryDue: label };
};

const memberOf = ({ id, kind, zone, required }: Participant) => ({
  id,
  kind,
  zone,
  required: required || kind === 'performer',
});

const applyChange = (participants: readonly Participant[], change: CastChange): readonly Participant[] =>
  change.kind === 'remove'
    ? participants.filter(({ id }) => id !== change.participant)
    : [...participants.filter(({ id }) => id !== change.participant.id), change.participant];

/** Claims the slot for the plan's participants. Returns a refusal when a participant is busy. */
const claimFor = async (
  run: AuditionRun,
  plan: AuditionPlan,
  handling?: ConflictHandling,
): Promise<Extract<Claimed, { kind: 'held' }> | Refusal> => {
  const { slot, overridden } = run.journal.view;
  const claimed =
    slot && (await claimSlot(run, { kind: 'fixed', slot }, { plan, accepted: overridden, handling }));
  if (claimed?.kind !== 'held') {
    return new Refusal(
      'slot_taken',
      claimed?.message ?? 'The audition has no slot.',
      'Choose another participant, or reschedule the audition.',
      [],
      claimed?.conflict,
    );
  }
  run.claims = { ...run.claims, held: claimed.number };
  await run.journal.flush({
    releaseHolds: { through: run.claims.last, keep: claimed.number },
    // The new claim yields like the one before, while a performer's decline is not final.
    ...(pendingDecline(run) ? { yieldHolds: true } : {}),
  });
  return claimed;
};

/** A participant who leaves, or a part of whose arrangements ends. */
interface Leaving {
  readonly participant: Participant;
  /** The channels on which the participant is told. */
  readonly channels: readonly Channel[];
  readonly losesEvent: boolean;
}

const leavingOf = ({ removed, replaced }: Omit<CastDifference, 'added'>): readonly Leaving[] => [
  ...removed.map((participant) => ({ participant, channels: usableChannels(participant), losesEvent: true })),
  ...replaced.map((change) => ({
    participant: change.before,
    channels: leftChannels(change),
    losesEvent: !keepsCalendar(change),
  })),
];

/** Returns the compensations of what ends. */
const compensationsOf = (
  { saga }: AuditionRun,
  { participant: { id: owner }, channels, losesEvent }: Leaving,
): readonly AuditionCompensation[] =>
  saga.pending.filter((entry) =>
    entry.kind === 'retract_notices'
      ? entry.participant === owner && channels.includes(entry.channel)
      : losesEvent && entry.id === removalId({ participant: owner }),
  );

/** Returns whether a participant who stays has the calendar of the event. */
const isShared = (entry: AuditionCompensation, remaining: readonly Participant[]): boolean =>
  entry.kind === 'remove_event' &&
  remaining.some(
    ({ id, calendar }) =>
      entry.id !== removalId({ participant: id }) &&
      calendar !== undefined &&
      isSameCalendar(calendar, entry.calendar),
  );

const partition = <Item>(
  items: readonly Item[],
  isFirst: (item: Item) => boolean,
): readonly [readonly Item[], readonly Item[]] => [
  items.filter(isFirst),
  items.filter((item) => !isFirst(item)),
];

const undoFor = (
  run: AuditionRun,
  compensations: readonly AuditionCompensation[],
  recipients: readonly Participant[],
  decliners?: readonly ParticipantView[],
): void => undoInBackground(run, compensations, { recipients, decliners, label: labelOf(run, 'removed') });

/**
 * Returns those who leave and have declined, as they are now. An email only removes the entry in their calendar. In earlier versions,
 * they got a cancellation.
 */
const leavingDecliners = (
  run: AuditionRun,
  { removed, replaced }: CastDifference,
): readonly ParticipantView[] => {
  const leaving = [...removed, ...replaced.map(({ before }) => before)];
  return run.journal.view.participants.filter(({ id, answer }) => {
    const participant = leaving.find((one) => one.id === id);
    return (
      answer === 'declined' &&
      participant !== undefined &&
      getsEntryByEmail(run, participant) &&
      isDeclinedEntryRemoved(participant)
    );
  });
};

/** In earlier versions, the entry by email stayed beside an event that another participant has in the same calendar. */
const sharedEventPatch = 'shared-event-after-takeover';

/**
 * Completes a change of the cast in which an earlier run was interrupted: the slot is held for the present cast, what is
 * left of participants who were removed is undone, and the events of new ones are written.
 */
export const completeCast = async (run: AuditionRun): Promise<void> => {
  // When the slot cannot be claimed again, it stays held as it is.
  if (run.isHeldForOtherCast) await claimFor(run, run.plan);
  run.isHeldForOtherCast = false;
  const { plan, journal } = run;
  const former = plan.formerParticipants ?? [];
  const undone = leavingOf({ removed: former, replaced: [] }).flatMap((one) => compensationsOf(run, one));
  undoFor(
    run,
    undone.filter((entry) => !isShared(entry, plan.participants)),
    former,
  );
  const { slot, revision } = journal.view;
  // An event that an operator has skipped is written too: the trail does not say which one it was.
  const only = writableCalendarsOf(run).filter(
    ({ owner, calendar }) => !isEventWritten(run, owner, calendar),
  );
  if (run.emailEntries.length > 0 && patched(sharedEventPatch)) noteSharedEvents(run, only);
  if (!slot || only.length === 0) return;
  const at = { slot, revision };
  const label = labelOf(run, 'added');
  // Emails can have made the entry while the event was missing.
  for (const { owner } of only) if (hasGotEmail(run, owner)) keepEntryByEmail(run, owner);
  await arrangeEvents(run, async (isBackground) => {
    await writeCalendarEvents(run, at, { only, label, ...(isBackground ? whilePresent(run, at) : {}) });
    announceMovedEntries(run);
  });
};

/** In earlier versions, the entry made by email stayed beside the connected calendar, and none replaced its event. */
const movedEntryPatch = 'notice-of-moved-calendar-entry';

/**
 * Invites new participants, and writes their events and those of participants who shared the calendar of one who has
 * left. Of the others, whose slot is the same, only those whose calendar entry moves get a notice: when it moves to a connected
 * calendar, after the event is written. Invitations do not wait for the events: an event that cannot be written can wait for an
 * operator until the slot is over.
 */
const arrangeFor = async (
  run: AuditionRun,
  { added, replaced }: CastDifference,
  isBackground: boolean,
): Promise<void> => {
  const { slot, revision } = run.journal.view;
  if (!slot) return;
  const arrived = [...added, ...replaced.filter((one) => !keepsCalendar(one)).map(({ after }) => after)];
  const isWritten = (participant: ParticipantId) =>
    run.saga.pending.some(({ id }) => id === removalId({ participant }));
  const only = writableCalendarsOf(run).filter(
    ({ owner }) => arrived.some(({ id }) => id === owner) || !isWritten(owner),
  );
  const skipped = addSkippedEntries(
    run,
    only.map(({ calendar }) => calendar),
  );
  const label = labelOf(run, 'added');
  const invitation = { notice: 'invitation', label } as const;
  notify(run, { ...invitation, to: added.map(({ id }) => id) });
  for (const change of replaced) {
    const kept = keptChannels(change);
    for (const channel of change.after.channels) {
      if (!kept.includes(channel)) notifyOne(run, invitation, change.after.id, channel);
    }
  }
  const moving = replaced.filter(movesCalendarEntry);
  if (moving.length > 0 && patched(movedEntryPatch)) {
    const follows = patched(movedEntryFollowsEventPatch);
    for (const { after } of moving) {
      if (skipped.includes(after.id)) continue;
      if (follows && hasWritableCalendar(after)) keepEntryByEmail(run, after.id);
      else if (!(isEntryDeclined(run, after.id) && patched(noEntryPatch)))
        notifyOne(run, movedEntryNotice(label), after.id, 'email');
    }
    if (follows) noteSharedEvents(run, only);
  }
  if (only.length === 0) return announceMovedEntries(run);
  const at = { slot, revision };
  const until = isBackground ? whilePresent(run, at) : { isMoot: () => Date.now() >= toEpochMs(slot.end) };
  await writeCalendarEvents(run, at, { only, label, ...until });
  announceMovedEntries(run);
};

/** The events of a later slot are written by its move. Those of a participant who has left by now are not written. */
const whilePresent = (
  run: AuditionRun,
  { slot, revision }: SlotRevision,
): Pick<WriteOptions, 'isBackground' | 'isMoot'> => ({
  isBackground: true,
  isMoot: ({ participant, calendar }) =>
    Date.now() >= toEpochMs(slot.end) ||
    run.journal.view.revision !== revision ||
    !writableCalendarsOf(run).some(
      (other) =>
        other.owner === participant &&
        other.calendar.connection === calendar.connection &&
        other.calendar.calendarId === calendar.calendarId,
    ),
});

/** A participant can be removed and added again. The key of what was undone is never used again. */
const labelOf = ({ journal, claims }: AuditionRun, what: 'added' | 'removed'): string =>
  labelText({ kind: what, revision: journal.view.revision, number: claims.held });
