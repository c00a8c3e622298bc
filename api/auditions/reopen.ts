/** Reopens a closed audition: another run of its workflow continues it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { ReopenBody } from '../../domain/audition/commands.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { notClosed, reopenExpired, reopeningRefusal } from '../../domain/audition/reopening.ts';
import type { SlotSpec } from '../../domain/audition/slot.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { CommandContext, FirstResult, ReopenCommand } from '../../workflows/audition/messages.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse, Attempt } from '../idempotency/run-once.ts';
import { auditionOf, readSlotWish } from '../session-blocks/slot-wish.ts';
import { acceptedResponse, type CommandTarget } from './command.ts';
import { isCarriedOut } from './command-result.ts';
import { requireAudition } from './require-audition.ts';
import { slotRefusal } from './start-responses.ts';
import type { UpdateOutcome } from './update-outcomes.ts';

type ReopenDependencies = Pick<ApiDependencies, 'repositories' | 'auditionWorkflows' | 'now'>;

/**
 * Reopens the audition. Returns 200 with the audition, or 202 when that takes longer or waits for an operator.
 * Idempotent by `updateId`: a repeated request gets the result of the first one, even when the audition is open or
 * closed again by then.
 * @throws {Refusal} `audition_not_found`, `wrong_state`, `outcome_not_reopenable`, `reopen_expired`, or a refused slot
 */
export const reopenAudition = async (
  dependencies: ReopenDependencies,
  { organization, id, updateId, correlationId }: CommandTarget,
  body: ReopenBody,
  context: CommandContext,
  attempt: Attempt,
): Promise<ApiResponse> => {
  const {
    repositories: { auditions, events },
    auditionWorkflows,
  } = dependencies;
  const readView = () => requireAudition({ auditions, auditionWorkflows }, organization, id);
  const before = await readView();
  const accepted = attempt.accepted ?? { after: before.sequence, correlationId };
  if (attempt.accepted && (await isCarriedOut(events, before, 'reopen', accepted))) {
    return { status: 200, body: before };
  }
  const outcome =
    before.state === 'closed'
      ? await startRun(dependencies, before, body, context, updateId)
      : await auditionWorkflows.findReopening(id, updateId);
  if (!outcome) throw notClosed(before.state);
  if (outcome.kind === 'done' && outcome.result.kind === 'refused') throw slotRefusal(outcome.result);
  const view = await readView();
  return outcome.kind === 'done' && outcome.result.kind !== 'needs_attention'
    ? { status: 200, body: view }
    : acceptedResponse(view, accepted);
};

const startRun = async (
  { repositories: { sessionBlocks, people }, auditionWorkflows, now: clock }: ReopenDependencies,
  view: AuditionView,
  body: ReopenBody,
  context: CommandContext,
  updateId: string,
): Promise<UpdateOutcome<FirstResult>> => {
  const now = clock();
  // The worker could not replay the history, and would not answer.
  const isErased = await people.isErased(view.id);
  const plan = isErased ? undefined : presentPlan(await auditionWorkflows.readPlan(view.id), view);
  if (!plan) throw reopenExpired('The details of the audition are no longer stored.');
  const refusal = reopeningRefusal(view, body.to, { reopenWithin: plan.policy.reopenWithin, now });
  if (refusal) throw refusal;
  const slot = body.to === 'session' ? body.slot : undefined;
  const wish =
    slot &&
    (await readSlotWish(slot, {
      sessionBlocks,
      organization: view.organization,
      now,
      audition: auditionOf(view),
    }));
  const command = commandOf(body, wish, view, now, context);
  const reopenOnce = async (): Promise<UpdateOutcome<FirstResult> | undefined> => {
    const outcome = await auditionWorkflows.reopen(plan, command, updateId);
    if (outcome.kind !== 'running') return outcome;
    await pause(simultaneousMs);
    return auditionWorkflows.findReopening(view.id, updateId);
  };
  const first = await reopenOnce();
  if (first) return first;
  // The audition was closed a moment ago: its workflow undoes what was arranged, and then ends.
  await auditionWorkflows.waitForEnd(view.id);
  const second = await reopenOnce();
  if (!second) throw stillEnding();
  return second;
};

/** The same request, sent simultaneously, has started a run. The server knows the update of that run a moment later. */
const simultaneousMs = 200;

/** Returns the plan with the present participants; undefined when it lacks one who was added later. */
const presentPlan = (plan: AuditionPlan | undefined, view: AuditionView): AuditionPlan | undefined => {
  const participants = plan?.participants.filter(({ id }) => view.participants.some((one) => one.id === id));
  return plan && participants?.length === view.participants.length ? { ...plan, participants } : undefined;
};

const commandOf = (
  body: ReopenBody,
  wish: SlotSpec | undefined,
  view: AuditionView,
  now: Instant,
  context: CommandContext,
): ReopenCommand => {
  const { reason } = body;
  return body.to === 'decision'
    ? { ...context, to: body.to, reason }
    : {
        ...context,
        to: body.to,
        wish: wish ?? lastSlot(view, now),
        reason,
      };
};

const lastSlot = ({ slot }: AuditionView, now: Instant): SlotSpec => {
  if (slot && slot.start > now) return { kind: 'fixed', slot };
  throw slot
    ? new Refusal('slot_in_the_past', 'The last slot of the audition is in the past.', nameSlot, ['/slot'])
    : new Refusal('invalid_body', 'The audition has never had a slot.', nameSlot, ['/slot']);
};
const nameSlot = 'Name a slot or a window in the future.';

const stillEnding = (): Refusal =>
  new Refusal(
    'wrong_state',
    'The audition is closed, but its workflow still runs: its bookings are being undone, or it was reopened.',
    'Read the audition, resolve its attention items if it has any, and send the request again.',
  );
