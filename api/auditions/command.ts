/** Sends a command to the workflow of an audition and returns the API response. */
import { setTimeout as pause } from 'node:timers/promises';
import type { AcceptedCommand } from '../../db/access/idempotent-requests.ts';
import { isCommandAllowed } from '../../domain/audition/transitions.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse, Attempt } from '../idempotency/run-once.ts';
import type { AuditionUpdateMessage } from './audition-workflows.ts';
import { isCarriedOut, type ResultName } from './command-result.ts';
import { requireAudition } from './require-audition.ts';

const auditionClosed = (view: AuditionView): Refusal =>
  new Refusal(
    'audition_closed',
    `The audition is closed (${view.outcome ?? 'without an outcome'}) and accepts no more commands.`,
    'Reopen it, or request a new audition if you need one.',
  );

/**
 * Returns the refusal for an audition whose workflow was terminated, was reset or failed. The workflow recorded nothing about it,
 * so the read model still shows the audition as open.
 */
export const auditionStopped = ({ id, state }: Pick<AuditionView, 'id' | 'state'>): Refusal =>
  new Refusal(
    'audition_stopped',
    `The workflow of the audition was terminated or reset in Temporal, or failed, in the state ${state}; the command had no effect.`,
    `An operator must decide whether audition/${id} continues or is undone. Read the audition before you send another command.`,
  );

export type CommandDependencies = Pick<ApiDependencies, 'repositories' | 'auditionWorkflows'>;

/** The message of a command. */
export type MessageOf<Name extends AuditionUpdateMessage['name']> = Extract<
  AuditionUpdateMessage,
  { readonly name: Name }
>;

export interface CommandTarget {
  readonly organization: OrganizationId;
  readonly id: AuditionId;
  readonly updateId: string;
  readonly correlationId: string;
}

/** Creates the 202 of a command that was accepted. */
export const acceptedResponse = (view: AuditionView, accepted: AcceptedCommand): ApiResponse => ({
  status: 202,
  body: view,
  provisional: true,
  accepted,
});

/** A move whose steps wait for an operator leaves the audition in `scheduling`. */
const carriedOut = (name: ResultName, view: AuditionView, accepted: AcceptedCommand): ApiResponse =>
  name === 'reschedule' && view.state === 'scheduling'
    ? acceptedResponse(view, accepted)
    : { status: 200, body: view };

/**
 * Sends a command and returns 200 with the audition when it is carried out, or 202 with the current audition when that
 * takes longer, or when it waits for an operator. Looks the audition up first, so that callers learn nothing about
 * other organizations' auditions. Idempotent by `updateId`. A repeated request whose command was accepted before gets
 * the result from the trail, even when the command would be refused by now.
 * @throws {Refusal} from `message`, from the workflow, or `audition_not_found`, `audition_closed`, `audition_stopped`.
 */
export const sendAuditionCommand = async <Name extends AuditionUpdateMessage['name']>(
  { repositories: { auditions, events }, auditionWorkflows }: CommandDependencies,
  { organization, id, updateId, correlationId }: CommandTarget,
  name: Name,
  message: (view: AuditionView) => MessageOf<Name> | Promise<MessageOf<Name>>,
  attempt: Attempt = {},
): Promise<ApiResponse> => {
  const readView = () => requireAudition({ auditions, auditionWorkflows }, organization, id);
  const before = await readView();
  const accepted = attempt.accepted ?? { after: before.sequence, correlationId };
  if (attempt.accepted && (await isCarriedOut(events, before, name, accepted))) {
    return carriedOut(name, before, accepted);
  }
  const sent: AuditionUpdateMessage = await message(before);
  const outcome = await sendWhenCaughtUp(
    () => auditionWorkflows.sendUpdate(id, sent, updateId),
    async () => isAllowedByRecord(name, await readView()),
  );
  const view = await readView();
  switch (outcome.kind) {
    case 'done':
      return outcome.result.isPending && (await isWaiting(events, name, view, accepted))
        ? acceptedResponse(view, accepted)
        : carriedOut(name, view, accepted);
    case 'still_working':
      return acceptedResponse(view, accepted);
    case 'ended':
      throw view.state === 'closed' ? auditionClosed(view) : auditionStopped(view);
  }
};

/** Milliseconds before each repetition. A workflow that works learns of a recorded state within milliseconds. */
const catchUpPauses = [50, 100, 200, 400, 800];

/**
 * An activity can record a state before its workflow knows it. A caller who has read that state must not be refused
 * for the earlier one, so an update that only the workflow refuses is sent again. A refused update leaves no trace.
 */
const sendWhenCaughtUp = async <Outcome>(
  send: () => Promise<Outcome>,
  isAllowed: () => Promise<boolean>,
): Promise<Outcome> => {
  for (const ms of catchUpPauses) {
    try {
      return await send();
    } catch (error) {
      const isRefused = error instanceof Refusal && error.code === 'wrong_state';
      if (!isRefused || !(await isAllowed())) throw error;
      await pause(ms);
    }
  }
  return send();
};

const isAllowedByRecord = (name: AuditionUpdateMessage['name'], { state }: AuditionView): boolean =>
  name !== 'resolve' && isCommandAllowed(name, state);

/** Returns whether a command that waited for an operator still waits. */
const isWaiting = async (
  events: CommandDependencies['repositories']['events'],
  name: ResultName,
  view: AuditionView,
  accepted: AcceptedCommand,
): Promise<boolean> => {
  if (await isCarriedOut(events, view, name, accepted)) return false;
  if (view.state === 'closed') throw auditionClosed(view);
  return true;
};
