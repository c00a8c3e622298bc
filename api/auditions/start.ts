/** Starts the audition that a request asks for. */
import type { Connections, Organizations } from '../../db/repositories.ts';
import { admitAudition } from '../../domain/audition/admission.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { AuditionRequest } from '../../domain/audition/request.ts';
import type { AuditionView } from '../../domain/audition/view.ts';
import { Refusal } from '../../domain/errors.ts';
import type { AuditionId, OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import type { Answer } from '../idempotency/answer-once.ts';
import { temporarilyUnavailable } from '../problems/outages.ts';
import { firstAnswer, recordedAnswer } from './first-answer.ts';

export interface StartRequest {
  readonly id: AuditionId;
  readonly organization: OrganizationId;
  readonly correlationId: string;
  readonly request: AuditionRequest;
}

/** Throws `Refusal` (`unknown_connection`) for a connection the organization does not have. */
export const checkConnections = async (
  connections: Pick<Connections, 'exists'>,
  organization: OrganizationId,
  participants: readonly Pick<AuditionRequest['participants'][number], 'calendar'>[],
): Promise<void> => {
  const named = participants.flatMap(({ calendar }, index) =>
    calendar ? [{ id: calendar.connection, pointer: `/participants/${index}/calendar/connection` }] : [],
  );
  if (named.length === 0) return;
  const known = await connections.exists(
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
  const plan = admitAudition(request, {
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
  { repositories, orchestration, now }: ApiDependencies,
  start: StartRequest,
): Promise<Answer> => {
  const { id, organization, correlationId } = start;
  const recorded = async (): Promise<Answer | undefined> => {
    const view: AuditionView | undefined =
      (await repositories.auditions.get(organization, id)) ?? (await orchestration.view(id));
    return view && recordedAnswer(repositories.events, view, correlationId);
  };
  let plan: AuditionPlan;
  try {
    plan = await admit(repositories, start, now);
  } catch (error) {
    // Time passes: what was admitted once may be in the past when it is asked for again.
    const earlier = error instanceof Refusal ? await repositories.auditions.get(organization, id) : undefined;
    if (earlier) return recordedAnswer(repositories.events, earlier, correlationId);
    throw error;
  }
  const outcome = await orchestration.start(plan);
  if (outcome.kind === 'done') return firstAnswer(outcome.result, correlationId);
  const answer = await recorded();
  if (answer) return answer;
  throw temporarilyUnavailable();
};
