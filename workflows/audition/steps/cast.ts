/** Changes the cast of a running audition, with the calendars, holds and notices of the participants. */
import { CancellationScope } from '@temporalio/workflow';
import { castChangeRefusal } from '../../../domain/audition/cast-changes.ts';
import type { AuditionPlan } from '../../../domain/audition/plan.ts';
import type { Participant } from '../../../domain/audition/request.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { calendarsOf } from '../calendars.ts';
import { releaseOtherClaims, runChange } from '../change.ts';
import { compensate } from '../compensate.ts';
import type { AuditionCompensation } from '../compensations.ts';
import type { CastChange, ParticipantsCommand } from '../messages.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { removalId, writeCalendarEvents } from './calendar-events.ts';
import { claimSlot } from './claim.ts';
import { notify } from './notices.ts';

/**
 * Changes the cast. The slot is claimed again for the new cast first, so that a new participant who is busy is refused
 * and nothing has changed.
 */
export const changeCast = async (
  run: AuditionRun,
  { changes, correlationId }: ParticipantsCommand,
): Promise<Refusal | undefined> => {
  const { journal } = run;
  const { slot, state } = journal.view;
  if (!slot || !isCommandAllowed('participants', state)) return wrongState('participants', state);
  const before = run.plan;
  const refusal = castChangeRefusal(before.participants, changes);
  if (refusal) return refusal;
  const participants = changes.reduce(applyChange, before.participants);
  const added = participants.filter((participant) => !before.participants.includes(participant));
  const removed = before.participants.filter((participant) => !participants.includes(participant));
  if (added.length === 0 && removed.length === 0) return undefined;
  const formerParticipants = [...(before.formerParticipants ?? []), ...removed].filter(
    ({ id }) => !participants.some((participant) => participant.id === id),
  );
  return runChange(
    run,
    () =>
      replaceCast(run, { ...before, participants, formerParticipants }, { added, removed }, correlationId),
    () => wrongState('participants', run.journal.view.state),
  );
};

interface CastDifference {
  readonly added: readonly Participant[];
  readonly removed: readonly Participant[];
}

const replaceCast = async (
  run: AuditionRun,
  plan: AuditionPlan,
  { added, removed }: CastDifference,
  correlationId: string,
): Promise<Refusal | undefined> => {
  const refusal = await claimFor(run, plan);
  if (refusal) return refusal;
  const undone = removed.flatMap(({ id }) => compensationsOf(run, id, plan.participants));
  recordCast(run, { added, removed }, correlationId);
  undoInBackground(run, undone, removed);
  await arrangeFor(run, added);
  return undefined;
};

const recordCast = (
  run: AuditionRun,
  { added, removed }: { readonly added: readonly Participant[]; readonly removed: readonly Identified[] },
  correlationId?: string,
): void => {
  for (const { id } of removed) {
    if (!isAmong(added, id)) run.record({ type: 'participant_removed', participant: id }, correlationId);
  }
  for (const { id, kind, zone, required } of added) {
    const participant = { id, kind, zone, required: required || kind === 'performer' };
    run.record({ type: 'participant_added', participant }, correlationId);
  }
  if (run.journal.view.state === 'confirmed' && added.some(({ required }) => required)) {
    run.record({ type: 'confirmation_lost' }, correlationId);
  }
  confirmWhenAccepted(run, correlationId);
};

interface Identified {
  readonly id: ParticipantId;
}

const isAmong = (participants: readonly Identified[], id: ParticipantId): boolean =>
  participants.some((participant) => participant.id === id);

/**
 * Completes a change of the cast in which an earlier run was interrupted, and releases the claims that an interrupted
 * change has left. The plan can be ahead of the trail: the slot is then claimed for the cast of the plan.
 */
export const completeCast = async (run: AuditionRun): Promise<void> => {
  const { participants } = run.journal.view;
  const added = run.plan.participants.filter(({ id }) => !isAmong(participants, id));
  const removed = participants.filter(({ id }) => !isAmong(run.plan.participants, id));
  const isAhead = added.length > 0 || removed.length > 0;
  if (isAhead && (await claimFor(run, run.plan))) {
    // A new participant is busy. The earlier run had not found that out yet.
    const known = run.plan.participants.filter(({ id }) => isAmong(participants, id));
    run.plan = { ...run.plan, participants: known };
  }
  if (isAhead)
    recordCast(run, { added: run.plan.participants.filter((one) => added.includes(one)), removed });
  await releaseOtherClaims(run);
  const former = run.plan.formerParticipants ?? [];
  const undone = former.flatMap(({ id }) => compensationsOf(run, id, run.plan.participants));
  undoInBackground(run, undone, former);
  await writeMissingEvents(run);
};

/** Writes the events of new participants for whom the earlier run had not written any. */
const writeMissingEvents = async (run: AuditionRun): Promise<void> => {
  const { slot, revision, calendarEvents, notices } = run.journal.view;
  // A participant is notified after the event was written, or was skipped by an operator.
  const only = calendarsOf(run).filter(
    ({ owner }) => ![...calendarEvents, ...notices].some(({ participant }) => participant === owner),
  );
  if (!slot || only.length === 0) return;
  await writeCalendarEvents(
    run,
    { slot, revision },
    { only, label: `r${revision}:added-${run.claims.held}` },
  );
};

const applyChange = (participants: readonly Participant[], change: CastChange): readonly Participant[] =>
  change.kind === 'remove'
    ? participants.filter(({ id }) => id !== change.participant)
    : [...participants.filter(({ id }) => id !== change.participant.id), change.participant];

/** Claims the slot for the plan's participants, and makes it the plan. Returns a refusal when a participant is busy. */
const claimFor = async (run: AuditionRun, plan: AuditionPlan): Promise<Refusal | undefined> => {
  const { slot } = run.journal.view;
  const before = run.plan;
  run.plan = plan;
  const claimed = slot && (await claimSlot(run, { kind: 'fixed', slot }));
  if (claimed?.kind === 'held') {
    run.claims = { ...run.claims, held: claimed.number };
    await run.journal.flush({ releaseHolds: { through: run.claims.last, keep: claimed.number } });
    return undefined;
  }
  run.plan = before;
  return new Refusal(
    'slot_taken',
    claimed?.message ?? 'The audition has no slot.',
    'Choose another participant, or reschedule the audition.',
  );
};

/** Takes the compensations of a removed participant out of the saga. A calendar that another participant shares stays. */
const compensationsOf = (
  { saga }: AuditionRun,
  participant: ParticipantId,
  remaining: readonly Participant[],
): readonly AuditionCompensation[] => {
  const owned = saga.pending.filter((entry) =>
    entry.kind === 'retract_notices'
      ? entry.participant === participant
      : entry.id === removalId({ participant }),
  );
  const isShared = (entry: AuditionCompensation) =>
    entry.kind === 'remove_event' &&
    remaining.some(
      ({ calendar }) =>
        calendar?.connection === entry.calendar.connection &&
        calendar.calendarId === entry.calendar.calendarId,
    );
  const undone = owned.filter((entry) => !isShared(entry));
  for (const { id } of undone) saga.remove(id);
  return undone;
};

const undoInBackground = (
  run: AuditionRun,
  compensations: readonly AuditionCompensation[],
  recipients: readonly Participant[],
): void => {
  for (const compensation of compensations) {
    void run.background.start(async (detach) => {
      detach();
      await CancellationScope.nonCancellable(() => compensate(run, compensation, { recipients }));
    });
  }
};

/** Writes the events of new participants and invites them. The others get no notice, because their slot is the same. */
const arrangeFor = async (run: AuditionRun, added: readonly Participant[]): Promise<void> => {
  const { slot, revision } = run.journal.view;
  if (!slot || added.length === 0) return;
  const only = calendarsOf(run).filter(({ owner }) => added.some(({ id }) => id === owner));
  // A participant can be removed and added again. The key of a removed event is never written again.
  const label = `r${revision}:added-${run.claims.held}`;
  await writeCalendarEvents(run, { slot, revision }, { only, label });
  notify(run, { notice: 'invitation', label, to: added.map(({ id }) => id) });
};
