/**
 * Appends observations of participants to the trail of an audition that has closed. Providers report minutes to hours late, and a
 * casting director can decide during the session. The outcome stays: a casting office that learns that the performer of a no-show
 * was there reopens the audition.
 */
import type { AuditionRuns } from '../../activities/reconciliation/audition-runs.ts';
import type { Repositories } from '../../db/index.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { lastMoveOf } from '../../domain/audition/last-move.ts';
import { presenceFactOf } from '../../domain/audition/observed-presence.ts';
import { presentCast } from '../../domain/audition/present-cast.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import { type AuditionView, foldEvent } from '../../domain/audition/view.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { PresenceReport } from '../../workflows/audition/messages.ts';

export interface LatePresenceDependencies {
  readonly repositories: Pick<Repositories, 'inboxRouting' | 'events' | 'auditionRecords'>;
  /** The names and addresses of the cast are in the ended workflow only. */
  readonly runs: Pick<AuditionRuns, 'presentPlan'>;
}

/**
 * - `open`: the audition is not closed, and will be taken over.
 * - `contradicts_no_show`: the audition was closed because its performer was not seen, and a report says that the performer was there.
 * - `nothing_new`: the reports are known, or about nobody who is certainly a participant.
 */
export type LatePresence = 'open' | 'appended' | 'contradicts_no_show' | 'nothing_new';

/**
 * Appends a fact for each report that says something new, under the id of its webhook: a repeated delivery appends nothing, and returns
 * the same. The worker can be killed before it settles the webhook. A check-in or an admission does not count once the audition has closed, as in the workflow.
 */
export const appendLatePresence = async (
  { repositories: { inboxRouting, events, auditionRecords }, runs }: LatePresenceDependencies,
  auditionId: AuditionId,
  reports: readonly PresenceReport[],
): Promise<LatePresence> => {
  const organization = await inboxRouting.organizationOf(auditionId);
  const head = organization && (await events.head(organization, auditionId));
  if (!head) return 'nothing_new';
  if (head.view.state !== 'closed') return 'open';
  const observed = reports.flatMap((report) =>
    report.what === 'joined' || report.what === 'left' ? [report] : [],
  );
  if (observed.length === 0) return 'nothing_new';
  const plan = head.run === undefined ? undefined : await runs.presentPlan(auditionId, head.run);
  const cast = presentCast(plan?.participants ?? [], head.view.participants);
  const movedAt = lastMoveOf(await auditionRecords.readTrail(auditionId));
  const keys = observed.map(keyOf);
  const appended = await events.readByKeys(organization, auditionId, keys);
  let { view } = head;
  let isContradicted = appended.some(({ fact }) => isOfMissedPerformer(view, fact));
  const facts = observed.flatMap((report) => {
    const fact = presenceFactOf(view, cast, movedAt, report);
    if (!fact) return [];
    const { correlationId, principal } = report;
    const at = toInstant(Date.now());
    isContradicted ||= isOfMissedPerformer(view, fact);
    view = foldEvent(view, { sequence: view.sequence + 1, at, correlationId, fact });
    return [{ at, correlationId, principal, key: keyOf(report), fact }];
  });
  const [first] = facts;
  if (!first && appended.length === 0) return 'nothing_new';
  if (first) await events.append({ auditionId, run: first.correlationId, position: anyPosition }, { facts });
  return isContradicted ? 'contradicts_no_show' : 'appended';
};

const keyOf = ({ inboxId }: PresenceReport): string => `presence:${inboxId}`;

const isOfMissedPerformer = ({ outcome, participants }: AuditionView, fact: AuditionFact): boolean =>
  outcome === 'no_show' &&
  (fact.type === 'participant_joined' || fact.type === 'participant_left') &&
  participants.some(({ id, kind }) => id === fact.participant && kind === 'performer');
