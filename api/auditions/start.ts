/** Starts the audition that a request asks for. */
import type { Organizations } from '../../db/access/organizations.ts';
import type { Connections } from '../../db/connections/repository.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionRequest } from '../../domain/audition/request.ts';
import { planAudition } from '../../domain/audition/request-validation.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { ApiResponse } from '../idempotency/run-once.ts';
import { temporarilyUnavailable } from '../problems/outages.ts';
import { auditionStopped } from './command.ts';
import { refusalResponse, responseFromRecord, responseToFirstResult } from './start-responses.ts';

interface StartRequest {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly correlationId: string;
  readonly request: AuditionRequest;
}

/** Throws `Refusal` (`unknown_connection`) for a connection the organization does not have. */
export const checkConnections = async (
  connections: Pick<Connections, 'findExisting'>,
  organization: OrganizationId,
  participants: readonly Pick<AuditionRequest['participants'][number], 'calendar'>[],
): Promise<void> => {
  const named = participants.flatMap(({ calendar }, index) =>
    calendar ? [{ id: calendar.connection, pointer: `/participants/${index}/calendar/connection` }] : [],
  );
  if (named.length === 0) return;
  const known = await connections.findExisting(
    organization,
    named.map(({ id }) => id),
  );
  const unknown = named.filter(({ id }) => !known.has(id));
  if (unknown.length === 0) return;
  throw new Refusal(
    'unknown_connection',
    `Your organization has no connection ${unknown.map(({ id }) => id).join(', ')}.`,
    'Connect the calendar first, or leave it out.',
    unknown.map(({ pointer }) => pointer),
  );
};

const admit = async (
  { organizations, connections }: { organizations: Organizations; connections: Connections },
  { id, organization, correlationId, request }: StartRequest,
  now: ApiDependencies['now'],
): Promise<AuditionPlan> => {
  const settings = await organizations.get(organization);
  const plan = planAudition(request, {
    id,
    organization,
    correlationId,
    now: now(),
    defaultMeetingProviders: settings?.meetingProviders ?? [],
  });
  await checkConnections(connections, organization, request.participants);
  return plan;
};

/**
 * Idempotent by the id. Throws `Refusal` for what is not admitted, having left no trace; a slot that is refused later
 * is an answer.
 */
export const startAudition = async (
  { repositories, auditionWorkflows, now }: ApiDependencies,
  start: StartRequest,
): Promise<ApiResponse> => {
  const { id, organization, correlationId } = start;
  const answerFrom = (view: AuditionView) => responseFromRecord(repositories.events, view, correlationId);

  /** Time passes: what was admitted once may be in the past, or without its connection, when it is asked for again. */
  const responseToEarlierRequest = async (): Promise<ApiResponse | undefined> => {
    const view = await repositories.auditions.get(organization, id);
    if (view) return answerFrom(view);
    // Begun and not recorded yet: a refusal would say that it never was, and free its key.
    if (await auditionWorkflows.exists(id)) throw temporarilyUnavailable();
    return undefined;
  };

  let plan: AuditionPlan;
  try {
    plan = await admit(repositories, start, now);
  } catch (error) {
    const earlier = error instanceof Refusal ? await responseToEarlierRequest() : undefined;
    if (earlier) return earlier;
    throw error;
  }
  const outcome = await auditionWorkflows.start(plan);
  const first = outcome.kind === 'done' ? responseToFirstResult(outcome.result, correlationId) : undefined;
  if (first) return first;
  const view =
    (await repositories.auditions.get(organization, id)) ?? (await auditionWorkflows.queryView(id));
  if (!view) throw temporarilyUnavailable();
  const answer = await answerFrom(view);
  return outcome.kind === 'ended' && answer.provisional
    ? refusalResponse(auditionStopped(view), correlationId)
    : answer;
};
