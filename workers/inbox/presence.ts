/**
 * Delivers observations of participants. Those of one audition that arrive within a few seconds are delivered in one
 * signal: at the start of a session all participants join, and each signal costs the audition a dozen history events.
 */
import type { InboxRouting } from '../../db/inbox/routing.ts';
import type { Registrants } from '../../db/meetings/registrants.ts';
import { participantPrincipal, providerPrincipal } from '../../domain/audition/principal.ts';
import type { AuditionId } from '../../domain/ids.ts';
import type { InboxEvent } from '../../domain/inbox-event.ts';
import type { PresenceReport } from '../../workflows/audition/messages.ts';
import type { WebhookContext } from './deliver.ts';
import { appendLatePresence, type LatePresence, type LatePresenceDependencies } from './late-presence.ts';
import { auditionsConcerned } from './meeting-users.ts';
import { stoppedOutcome } from './stopped-audition.ts';
import type { WebhookOutcome } from './webhook-outcome.ts';
import type { WorkflowSignals } from './workflow-signals.ts';

export type PresenceEvent = Extract<
  InboxEvent,
  { kind: 'link.joined' | 'performer.admitted' | 'meeting.participant_joined' | 'meeting.participant_left' }
>;

export interface ReceivedPresence {
  readonly webhook: WebhookContext;
  readonly event: PresenceEvent;
}

const presenceKinds: ReadonlySet<string> = new Set<PresenceEvent['kind']>([
  'link.joined',
  'performer.admitted',
  'meeting.participant_joined',
  'meeting.participant_left',
]);

/** Returns whether the event is an observation of a participant. */
export const isPresence = (event: InboxEvent): event is PresenceEvent => presenceKinds.has(event.kind);

/** Returns whether the kind of a stored webhook is an observation of a participant. */
export const isPresenceKind = (kind: string): boolean => presenceKinds.has(kind);

/** Observations are gathered until the next multiple of this time. */
const gatheringMs = 3_000;

/** Returns how long a new observation waits for others. All that wait at one time are due at the same instant. */
export const gatheringDelayMs = (nowMs: number): number => gatheringMs - (nowMs % gatheringMs);

interface PresenceRepositories {
  readonly inboxRouting: Pick<InboxRouting, 'usersOfMeeting'>;
  readonly registrants: Pick<Registrants, 'registrationOf'>;
}

/**
 * Returns the report and the auditions that get it, or why there is none. In the room of a casting session, a registrant is of
 * one audition. Another person can be of each audition whose time it is: the audition knows the names of its cast.
 */
const reportOf = async (
  { inboxRouting: { usersOfMeeting }, registrants }: PresenceRepositories,
  { webhook, event: { kind, event } }: ReceivedPresence,
): Promise<
  | { readonly auditions: readonly AuditionId[]; readonly report: PresenceReport }
  | 'no_such_meeting'
  | 'unnamed_person'
> => {
  const { inboxId, correlationId, provider } = webhook;
  if (kind === 'link.joined' || kind === 'performer.admitted') {
    const { audition, participant, at } = event;
    const what = kind === 'link.joined' ? 'checked_in' : 'admitted';
    const principal = 'principal' in event ? event.principal : participantPrincipal(participant);
    return { auditions: [audition], report: { inboxId, correlationId, principal, what, participant, at } };
  }
  const { meetingId, at, name, email, registrant } = event;
  if ((!name && !email && !registrant) || at === undefined) return 'unnamed_person';
  const known =
    registrant === undefined ? undefined : await registrants.registrationOf(meetingId, registrant);
  const users = await usersOfMeeting(provider, meetingId);
  if (!users) return 'no_such_meeting';
  return {
    auditions:
      known && users.kind === 'session' ? [known.auditionId] : auditionsConcerned(users, 'presence', at),
    report: {
      inboxId,
      correlationId,
      principal: providerPrincipal(provider),
      what: kind === 'meeting.participant_joined' ? 'joined' : 'left',
      meetingId,
      at,
      ...(known ? { participant: known.participant } : {}),
      ...(name ? { name } : {}),
      ...(email ? { email } : {}),
    },
  };
};

interface PresenceDependencies extends LatePresenceDependencies {
  readonly repositories: PresenceRepositories & LatePresenceDependencies['repositories'];
  readonly workflowSignals: Pick<WorkflowSignals, 'signalAudition'>;
}

/**
 * Signals the observations, in one signal for each audition. Returns the outcome of each, in order. A repeated delivery
 * has no further effect. Those of an audition that has closed are appended to its trail.
 * @throws when Temporal or the database does not answer; all of them are then delivered again
 */
export const deliverPresenceTogether = async (
  { repositories, workflowSignals, runs }: PresenceDependencies,
  received: readonly ReceivedPresence[],
): Promise<readonly WebhookOutcome[]> => {
  const found = await Promise.all(received.map((one) => reportOf(repositories, one)));
  const known = found
    .filter((result) => typeof result !== 'string')
    .flatMap(({ auditions, report }) => auditions.map((audition) => ({ audition, report })));
  const byAudition = Map.groupBy(known, ({ audition }) => audition);
  const results = new Map<AuditionId, 'signaled' | LatePresence>();
  for (const [audition, reports] of byAudition) {
    const payload = reports
      .map(({ report }) => report)
      .toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    const result = await workflowSignals.signalAudition(audition, { about: 'presence', reports: payload });
    results.set(
      audition,
      result === 'signaled' ? result : await appendLatePresence({ repositories, runs }, audition, payload),
    );
  }
  return found.map((result, index): WebhookOutcome => {
    if (result === 'no_such_meeting') return { kind: 'not_yet_known', reason: result };
    if (result === 'unnamed_person') return { kind: 'delivered', reason: result };
    if (result.auditions.length === 0) return { kind: 'delivered', reason: 'no_audition_then' };
    const { auditions } = result;
    const outcomes = new Set(auditions.map((audition) => results.get(audition)));
    if (outcomes.has('open')) return stoppedOutcome(received[index]?.webhook.ageMs ?? 0);
    if (outcomes.has('contradicts_no_show'))
      return { kind: 'delivered', auditions, reason: 'contradicts_no_show' };
    if (outcomes.has('appended')) return { kind: 'delivered', auditions, reason: 'appended_late' };
    return outcomes.has('signaled')
      ? { kind: 'delivered', auditions }
      : { kind: 'delivered', auditions, reason: 'audition_ended' };
  });
};
