/**
 * Applies what participants answer in their calendars and by email, under the rules for answers by link. An answer that
 * does not count changes nothing, and the trail says why.
 */
import { patched } from '@temporalio/workflow';
import { participantPrincipal } from '../../../domain/audition/principal.ts';
import type { ProposedTime, ReportedAnswer } from '../../../domain/audition/reported-answer.ts';
import { limitExplanations } from '../../../domain/audition/slot-limits.ts';
import { isCommandAllowed } from '../../../domain/audition/transitions.ts';
import { Refusal } from '../../../domain/errors.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { askInBackground } from '../background-question.ts';
import type { RespondCommand } from '../messages.ts';
import { answerSuperseded, refusalOfAnswer } from '../refusals.ts';
import type { AuditionRun } from '../run.ts';
import { isEarlierAnswer, isWithdrawnDecline, pendingDecline, recordAnswer } from './answers.ts';
import { rescheduleTo } from './calendar-changes.ts';

/** Records a reported answer, unless it is refused or a later answer is known. */
export const answerReported = (run: AuditionRun, report: ReportedAnswer): void => {
  if (run.ending || run.journal.view.state === 'closed') return;
  const command = commandOf(run, report);
  const refusal =
    refusalOfAnswer(command, run.journal.view) ??
    (isEarlierAnswer(run, command) ? answerSuperseded() : undefined);
  if (refusal) return ignore(run, report, refusal);
  if (isWithdrawnDecline(run, command)) return withdraw(run, report, command);
  recordAnswer(run, command);
  if (!run.ending && pendingDecline(run)?.id === command.participant) yieldHolds(run);
};

const commandOf = (
  { plan }: AuditionRun,
  { participant, answer, origin, revision, at, correlationId = plan.correlationId }: ReportedAnswer,
): RespondCommand => ({
  participant,
  answer,
  origin,
  revision,
  at,
  correlationId,
  principal: participantPrincipal(participant),
});

const ignore = (
  { journal }: AuditionRun,
  { participant, answer, origin, revision, correlationId }: ReportedAnswer,
  { code }: Refusal,
): void =>
  journal.record(
    { type: 'answer_ignored', participant, answer, origin, revision, reason: code },
    { correlationId, principal: participantPrincipal(participant) },
  );

/** The slot is claimed again first, because another audition can have taken it after the decline. */
const withdraw = (run: AuditionRun, report: ReportedAnswer, command: RespondCommand): void => {
  void run.runInBackground(async (detach) => {
    detach();
    try {
      await run.commands.submit({ name: 'respond', command }, () => run.ending !== undefined);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!run.ending) ignore(run, report, error);
    }
  });
};

/** Until the decline is final, another audition can take the slot. */
const yieldHolds = (run: AuditionRun): void => {
  void run.runInBackground(async (detach) => {
    detach();
    await run.journal.flush({ yieldHolds: true });
  });
};

/** Asks the casting office about a proposed time. A proposal about an earlier slot is asked about as well. */
export const timeProposed = (run: AuditionRun, proposal: ProposedTime): void => {
  const { participant, origin, slot, inboxId, correlationId } = proposal;
  if (run.ending || run.journal.view.state === 'closed') return;
  run.journal.record({ type: 'time_proposed', participant, origin, ...slot }, { correlationId });
  run.proposals.set(participant, inboxId);
  // Nobody can answer the proposal of a person who has left. Auditions that have asked before replay without that.
  const endsWithCast = takesPart(run, proposal) && patched(formerProposersPatch);
  askAboutProposal(run, proposal, endsWithCast);
};

const formerProposersPatch = 'withdraw-proposals-of-former-participants';

const takesPart = ({ journal }: AuditionRun, { participant }: ProposedTime): boolean =>
  journal.view.participants.some(({ id }) => id === participant);

/** @param endsWithCast whether the question is withdrawn when the participant leaves the cast */
const askAboutProposal = (
  run: AuditionRun,
  proposal: ProposedTime,
  endsWithCast: boolean,
  refusal?: Refusal,
): void => {
  const { slot, exceeds } = proposal;
  const canFollow = slot !== undefined && exceeds === undefined;
  const reason = refusal?.message ?? (exceeds && limitExplanations[exceeds]);
  const isMootNow = isMootSince(run, proposal);
  const isMoot = () => isMootNow() || (endsWithCast && !takesPart(run, proposal));
  askInBackground(
    run,
    {
      step: 'proposal',
      what: [
        describe(proposal),
        ...(reason === undefined ? [] : [`The audition could not follow: ${reason}`]),
      ].join(' '),
      hint: canFollow
        ? 'Follow to reschedule the audition to that time, or ignore to keep its slot. Tell the participant what you decide.'
        : 'Ask the participant for the time, then reschedule; or ignore to keep the slot.',
      actions: canFollow ? ['follow', 'ignore'] : ['ignore'],
      code: refusal?.code ?? exceeds,
      isMoot,
    },
    async (action) => {
      if (action !== 'follow' || !canFollow) return;
      const refused = await rescheduleTo(run, slot, proposal.origin);
      if (refused && !isMoot()) askAboutProposal(run, proposal, endsWithCast, refused);
    },
  );
};

const describe = ({ participant, slot, answer, origin }: ProposedTime): string => {
  const source = origin === 'email' ? 'by email' : 'in a calendar';
  const times = slot ? `from ${slot.start} to ${slot.end}` : 'which cannot be read';
  const stated = answer === undefined ? '' : ` The proposal says about the present time: ${answer}.`;
  return `${participant} proposes another time ${source}, ${times}.${stated}`;
};

/**
 * A later proposal of the participant replaces the question. It ends when the audition moves, and when the slot begins.
 */
const isMootSince = (run: AuditionRun, { participant, inboxId }: ProposedTime): (() => boolean) => {
  const { revision } = run.journal.view;
  return () => {
    const { view } = run.journal;
    return (
      run.proposals.get(participant) !== inboxId ||
      view.revision !== revision ||
      !isCommandAllowed('respond', view.state) ||
      (view.slot !== undefined && Date.now() >= toEpochMs(view.slot.start))
    );
  };
};
