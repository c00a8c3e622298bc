/** Validates an audition request and starts its workflow. */
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { Repositories } from '../../db/index.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionRequest } from '../../domain/audition/request.ts';
import { planAudition } from '../../domain/audition/request-validation.ts';
import { withRequirement } from '../../domain/audition/requirement.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { effectiveLimits, type MessageLimits } from '../../domain/budgets/message-limits.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import { auditionWorkflowId } from '../../domain/workflow-ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { temporarilyUnavailable } from '../problems/outages.ts';
import { readSlotWish } from '../session-blocks/slot-wish.ts';
import { checkMeetingHost } from './check-meeting-host.ts';
import { checkRoom, requestedRoom } from './check-room.ts';
import { auditionStopped } from './command.ts';
import { mayOverrideConflicts } from './conflict-override.ts';
import { resolveParticipantCalendars } from './participant-calendars.ts';
import { refusalResponse, responseFromRecord, slotRefusal } from './start-responses.ts';

interface StartRequest {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly correlationId: string;
  /** Who requests it: see `domain/audition/principal.ts`. */
  readonly principal: string;
  readonly request: AuditionRequest;
  /** The role of the caller. It decides whether conflicts may be overridden. */
  readonly role: ApiRole;
}

const admit = async (
  {
    organizations,
    meetingPreferences,
    connections,
    sessionBlocks,
  }: Pick<Repositories, 'organizations' | 'meetingPreferences' | 'connections' | 'sessionBlocks'>,
  defaultLimits: MessageLimits,
  { id, organization, correlationId, principal, request, role }: StartRequest,
  now: ApiDependencies['now'],
): Promise<AuditionPlan> => {
  const [settings, meetings, limits] = await Promise.all([
    organizations.get(organization),
    meetingPreferences.get(organization),
    organizations.limits(organization),
  ]);
  const blockWish =
    'block' in request.slot
      ? await readSlotWish(request.slot, {
          sessionBlocks,
          organization,
          now: now(),
          audition: {
            project: request.project.id,
            role: request.role.id,
            participants: request.participants.map(({ id: participant }) => participant),
          },
        })
      : undefined;
  const resolved = await resolveParticipantCalendars(request.participants, { connections, organization });
  const participants = resolved.map(withRequirement);
  const plan = planAudition(
    { ...request, participants },
    {
      id,
      organization,
      correlationId,
      principal,
      now: now(),
      blockWish,
      defaultMeetingProviders: settings?.meetingProviders ?? [],
      conflicts: settings?.conflicts,
      meetingBackup: settings?.meetingBackup,
      meetings,
      smsCountries: effectiveLimits(defaultLimits, limits).smsCountries,
      mayOverrideConflicts: mayOverrideConflicts(settings?.conflicts, role, request.conflicts?.policy),
    },
  );
  await checkMeetingHost(connections, plan);
  await checkRoom(connections, organization, {
    room: requestedRoom(request.slot),
    cast: () => participants,
  });
  return plan;
};

/**
 * Starts the audition and returns the response. Idempotent by the audition ID. A slot that the workflow refuses is
 * returned as a 409 response, not thrown.
 * @throws {Refusal} for a request that fails validation, before anything is stored.
 */
export const startAudition = async (
  { configuration, repositories, auditionWorkflows, now, logger }: ApiDependencies,
  start: StartRequest,
): Promise<ApiResponse> => {
  const { id, organization, correlationId, principal } = start;
  const responseFrom = (view: AuditionView) => responseFromRecord(repositories.events, view, correlationId);

  /** A repeated request can fail validation that it passed before: its slot is in the past, its connection is gone. */
  const responseToEarlierRequest = async (): Promise<ApiResponse | undefined> => {
    const view = await repositories.auditions.get(organization, id);
    if (view) return responseFrom(view);
    // Started but not recorded yet. A refusal would release its Idempotency-Key.
    if (await auditionWorkflows.exists(id)) throw temporarilyUnavailable();
    return undefined;
  };

  let plan: AuditionPlan;
  try {
    plan = await admit(repositories, configuration.messageLimits, start, now);
  } catch (error) {
    const earlier = error instanceof Refusal ? await responseToEarlierRequest() : undefined;
    if (earlier) return earlier;
    throw error;
  }
  const outcome = await auditionWorkflows.start(plan);
  const workflowId = auditionWorkflowId(id);
  const story = { correlationId, organization, auditionId: id, workflowId, caller: principal };
  logger.info(story, 'audition workflow started');
  if (outcome.kind === 'done' && outcome.result.kind === 'refused') {
    return refusalResponse(slotRefusal(outcome.result), correlationId);
  }
  const view =
    (await repositories.auditions.get(organization, id)) ?? (await auditionWorkflows.queryView(id));
  if (!view) throw temporarilyUnavailable();
  if (outcome.kind === 'done' && outcome.result.kind !== 'needs_attention')
    return { status: 201, body: view };
  const response = await responseFrom(view);
  return outcome.kind === 'ended' && response.provisional
    ? refusalResponse(auditionStopped(view), correlationId)
    : response;
};
