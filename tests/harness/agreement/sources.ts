/** Reads the auditions that any source knows. */
import type { StoredEvent } from '../../../db/trail/stored-events.ts';
import { type EndingFact, needsCompensation } from '../../../domain/audition/ending.ts';
import type { AuditionView } from '../../../domain/audition/view.ts';
import { foldEvents } from '../../../domain/audition/view.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import type { ApiClient } from '../api-client.ts';
import { organization, type ServiceUnderTest } from '../service.ts';

export interface Sources
  extends Pick<ServiceUnderTest, 'database' | 'temporal' | 'taskQueue' | 'sandbox' | 'mailServer'> {
  readonly platform: ApiClient;
}

export interface KnownAudition {
  /** What the API shows, with the address of the meeting at its provider instead of the join link of the audition. */
  readonly view: AuditionView;
  readonly trail: readonly StoredEvent[];
  /** Whether its slot is held and its meeting, events and notices stand: it is open, or its session was held. */
  readonly stands: boolean;
  /** The participant whose decline has closed the audition, who needs no cancellation. */
  readonly decliner: string | undefined;
}

const trailPage = 10_000;

/** Returns every audition of the API with its trail. */
export const readAuditions = async ({ platform, database }: Sources): Promise<readonly KnownAudition[]> => {
  const views = await platform.listAuditions();
  return Promise.all(
    views.map(async (view) => {
      const page = { after: 0, limit: trailPage };
      const trail = await database.repositories.events.read(organization, view.id, page);
      const ending = view.state === 'closed' ? endingOf(trail) : undefined;
      return {
        view: withProviderAddress(view, foldEvents(trail)),
        trail,
        stands: standsAfter(trail),
        decliner: ending?.type === 'declined' ? ending.participant : undefined,
      };
    }),
  );
};

/** Returns whether the value is the address of a join link. */
export const isJoinLink = (value: unknown): boolean =>
  typeof value === 'string' && /\/j\/[1-9A-HJ-NP-Za-km-z]{17}$/.test(value);

/** Any other address than a join link stays, and differs from the trail. */
const withProviderAddress = (shown: AuditionView, { meeting }: AuditionView): AuditionView =>
  shown.meeting && meeting && isJoinLink(shown.meeting.joinUrl)
    ? { ...shown, meeting: { ...shown.meeting, joinUrl: meeting.joinUrl } }
    : shown;

const endings = ['slot_refused', 'declined', 'no_show', 'decided', 'cancelled', 'failed'] as const;
const isEnding = (fact: StoredEvent['fact']): fact is EndingFact =>
  endings.some((type) => type === fact.type);

/** Returns the last fact that has closed the audition. */
const endingOf = (trail: readonly StoredEvent[]): EndingFact | undefined =>
  trail.map(({ fact }) => fact).findLast(isEnding);

/** Returns whether the bookings stand. What was undone is made anew only when the audition is reopened for a session. */
const standsAfter = (trail: readonly StoredEvent[]): boolean => {
  let stands = true;
  for (const [index, { fact, at }] of trail.entries()) {
    if (fact.type === 'reopened_for_session') stands = true;
    if (!isEnding(fact)) continue;
    const before = foldEvents(trail.slice(0, index));
    if (needsCompensation(fact, before.state, before.slot, toEpochMs(at))) stands = false;
  }
  return stands;
};
