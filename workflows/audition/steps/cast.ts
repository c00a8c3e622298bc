/** Changes the cast of a running audition, with the calendars, holds and notices of the participants. */
import { patched } from '@temporalio/workflow';
import { castChangeRefusal } from '../../../domain/audition/cast-changes.ts';
import {
  type CastDifference,
  castDifference,
  keepsCalendar,
  keptChannels,
} from '../../../domain/audition/cast-difference.ts';
import type { ConflictHandling } from '../../../domain/audition/conflict-rules.ts';
import type { AuditionPlan } from '../../../domain/audition/plan.ts';
import { formerCast } from '../../../domain/audition/present-cast.ts';
import type { Reminder } from '../../../domain/audition/reminder-plan.ts';
import type { Channel, Participant } from '../../../domain/audition/request.ts';
import type { Blocker } from '../../../domain/audition/slot-conflict.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { writableCalendarsOf } from '../calendars.ts';
import { runChange } from '../change.ts';
import type { Change } from '../change-in-progress.ts';
import type { AuditionCompensation } from '../compensations.ts';
import type { CastChange, ParticipantsCommand } from '../messages.ts';
import { isChangeable, wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { forgetSuppressed } from '../suppressed-addresses.ts';
import { undoInBackground } from '../undo-in-background.ts';
import { allAccepted, confirmWhenAccepted, pendingDecline } from './answers.ts';
import { removalId, type SlotRevision, type WriteOptions, writeCalendarEvents } from './calendar-events.ts';
import { type Claimed, claimSlot } from './claim.ts';
import { compareConsents } from './meeting-check.ts';
import { notify, notifyOne } from './notices.ts';
import { registerParticipants } from './registrants.ts';
import { assignRoles } from './roles.ts';

/**
 * Changes the cast. The slot is claimed again for the new cast first, under the conflict policy of the audition: a new
 * participant who is busy is refused by default, and nothing has changed.
 */
export const changeCast = async (
  run: AuditionRun,
  { changes, correlationId, conflicts }: ParticipantsCommand,
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
      { difference, correlationId, conflicts },
    ),
  );
};

const replaceCast = async (
  run: AuditionRun,
  change: Change,
  plan: AuditionPlan,
  {
    difference,
    correlationId,
    conflicts,
  }: {
    readonly difference: CastDifference;
    readonly correlationId: string;
    readonly conflicts: ConflictHandling | undefined;
  },
): Promise<Refusal | undefined> => {
  const claimed = await claimFor(run, plan, conflicts);
  if (claimed instanceof Refusal) return claimed;
  // Throws when the audition has ended: then the ending undoes everything, for the cast of before.
  recordChanges(run, difference, correlationId, claimed.overridden);
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
  }
  confirmWhenAccepted(run, correlationId);
  undoFor(run, undone, recipients);
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
  correlationId: string,
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
      ({ after, isSamePerson }) =>
        ({
          type: 'participant_added',
          participant: memberOf(after),
          ...(isSamePerson ? { isSamePerson } : { generation }),
        }) as const,
    ),
  ];
  if (first) run.record({ ...first, ...(overridden && { overridden: [...overridden] }) }, correlationId);
  for (const fact of others) run.record(fact, correlationId);
  if (run.journal.view.state === 'confirmed' && !allAccepted(run)) {
    run.record({ type: 'confirmation_lost' }, correlationId);
  }
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

const leavingOf = ({ removed, replaced }: CastDifference): readonly Leaving[] => [
  ...removed.map((participant) => ({ participant, channels: participant.channels, losesEvent: true })),
  ...replaced.map((change) => ({
    participant: change.before,
    channels: change.before.channels.filter((channel) => !keptChannels(change).includes(channel)),
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
      calendar?.connection === entry.calendar.connection &&
      calendar.calendarId === entry.calendar.calendarId,
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
): void => undoInBackground(run, compensations, { recipients, label: labelOf(run, 'removed') });

/**
 * Completes a change of the cast in which an earlier run was interrupted: the slot is held for the present cast, what is
 * left of participants who were removed is undone, and the events of new ones are written.
 */
export const completeCast = async (run: AuditionRun): Promise<void> => {
  // When the slot cannot be claimed again, it stays held as it is.
  if (run.isHeldForOtherCast) await claimFor(run, run.plan);
  run.isHeldForOtherCast = false;
  const { plan, journal, saga } = run;
  const former = plan.formerParticipants ?? [];
  const leaving = former.map((participant) => ({
    participant,
    channels: participant.channels,
    losesEvent: true,
  }));
  const undone = leaving.flatMap((one) => compensationsOf(run, one));
  undoFor(
    run,
    undone.filter((entry) => !isShared(entry, plan.participants)),
    former,
  );
  const { slot, revision } = journal.view;
  // An event that an operator has skipped is written too: the trail does not say which one it was.
  const only = writableCalendarsOf(run).filter(
    ({ owner }) => !saga.pending.some(({ id }) => id === removalId({ participant: owner })),
  );
  if (!slot || only.length === 0) return;
  const at = { slot, revision };
  const label = labelOf(run, 'added');
  await arrangeEvents(run, (isBackground) =>
    writeCalendarEvents(run, at, { only, label, ...(isBackground ? whilePresent(run, at) : {}) }),
  );
};

/** The participants who stay keep their reminders. Those who are new get theirs. */
const remindersAfter = (
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

/**
 * Invites new participants, and writes their events and those of participants who shared the calendar of one who has
 * left. The others get no notice, because their slot is the same. The invitation does not wait for the events: an event
 * that cannot be written can wait for an operator until the slot is over.
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
  const label = labelOf(run, 'added');
  const invitation = { notice: 'invitation', label } as const;
  notify(run, { ...invitation, to: added.map(({ id }) => id) });
  for (const change of replaced) {
    const kept = keptChannels(change);
    for (const channel of change.after.channels) {
      if (!kept.includes(channel)) notifyOne(run, invitation, change.after.id, channel);
    }
  }
  if (only.length === 0) return;
  const at = { slot, revision };
  const until = isBackground ? whilePresent(run, at) : { isMoot: () => Date.now() >= toEpochMs(slot.end) };
  await writeCalendarEvents(run, at, { only, label, ...until });
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
  `r${journal.view.revision}:${what}-${claims.held}`;
