/** Changes the cast of a running audition, with the calendars, holds and notices of the participants. */
import { CancellationScope } from '@temporalio/workflow';
import { castChangeRefusal } from '../../../domain/audition/cast-changes.ts';
import type { AuditionPlan } from '../../../domain/audition/plan.ts';
import type { Participant } from '../../../domain/audition/request.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import { Refusal } from '../../../domain/errors.ts';
import type { ParticipantId } from '../../../domain/ids.ts';
import { calendarsOf } from '../calendars.ts';
import { runChange } from '../change.ts';
import { compensate } from '../compensate.ts';
import type { AuditionCompensation } from '../compensations.ts';
import type { CastChange, ParticipantsCommand } from '../messages.ts';
import { wrongState } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { confirmWhenAccepted } from './answers.ts';
import { removalId, writeCalendarEvents } from './calendar-events.ts';
import { claimForChange } from './claim.ts';
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
  return runChange(run, 'participants', () =>
    replaceCast(run, { ...before, participants }, { added, removed }, correlationId),
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
  const { journal } = run;
  const refusal = await claimFor(run, plan);
  if (refusal) return refusal;
  const undone = removed.flatMap(({ id }) => compensationsOf(run, id, plan.participants));
  for (const { id } of removed) {
    if (!added.some((other) => other.id === id))
      run.record({ type: 'participant_removed', participant: id }, correlationId);
  }
  for (const { id, kind, zone, required } of added) {
    const participant = { id, kind, zone, required: required || kind === 'performer' };
    run.record({ type: 'participant_added', participant }, correlationId);
  }
  if (journal.view.state === 'confirmed' && added.some(({ required }) => required)) {
    run.record({ type: 'confirmation_lost' }, correlationId);
  }
  confirmWhenAccepted(run, correlationId);
  undoInBackground(run, undone, removed);
  await arrangeFor(run, added);
  return undefined;
};

const applyChange = (participants: readonly Participant[], change: CastChange): readonly Participant[] =>
  change.kind === 'remove'
    ? participants.filter(({ id }) => id !== change.participant)
    : [...participants.filter(({ id }) => id !== change.participant.id), change.participant];

/** Claims the slot for the plan's participants, and makes it the plan. Returns a refusal when a participant is busy. */
const claimFor = async (run: AuditionRun, plan: AuditionPlan): Promise<Refusal | undefined> => {
  const { slot } = run.journal.view;
  if (!slot) return wrongState('participants', run.journal.view.state);
  const claimed = await claimForChange(run, { kind: 'fixed', slot }, { participants: plan.participants });
  if (claimed instanceof Refusal) return claimed.code === 'move_aborted' ? claimed : busyWith(claimed);
  run.plan = plan;
  run.claims = { ...run.claims, held: claimed.number };
  await run.journal.flush({ releaseHolds: { through: run.claims.last, keep: claimed.number } });
  return undefined;
};

const busyWith = ({ message }: Refusal): Refusal =>
  new Refusal('slot_taken', message, 'Choose another participant, or reschedule the audition.');

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
  // A participant who was removed can be added again, and gets another cancellation in the end.
  const label = `removed-${run.claims.held}`;
  for (const compensation of compensations) {
    void run.background.start(async (detach) => {
      detach();
      await CancellationScope.nonCancellable(() => compensate(run, compensation, { recipients, label }));
    });
  }
};

/** Writes the events of new participants and invites them. The others get no notice, because their slot is the same. */
const arrangeFor = async (run: AuditionRun, added: readonly Participant[]): Promise<void> => {
  const { slot, revision } = run.journal.view;
  if (!slot || added.length === 0) return;
  const only = calendarsOf(run.plan.participants).filter(({ owner }) => added.some(({ id }) => id === owner));
  // A participant can be removed and added again. The key of a removed event is never written again.
  const label = `r${revision}:added-${run.claims.held}`;
  await writeCalendarEvents(run, { slot, revision }, { only, label });
  notify(run, { notice: 'invitation', label, to: added.map(({ id }) => id) });
};
