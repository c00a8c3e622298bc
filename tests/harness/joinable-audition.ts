/** Stores auditions that people join with links of ours. */
import type { JoinLinkRequest } from '../../db/auditions/join-links.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { joinLinkIds } from './api.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from './audition-trail.ts';
import type { TestDatabase } from './database.ts';

/** When the links of these auditions open before the slot, and close after it. */
const joinWindow = { opensBefore: 30 * 60_000, closesAfter: 15 * 60_000 };

/** Stores an audition of `org_north` that is scheduled, whose trail continues with `facts`. */
export const storeJoinableAudition = async (
  { repositories }: TestDatabase,
  {
    facts = [],
    recording,
  }: {
    readonly facts?: readonly AuditionFact[];
    readonly recording?: 'automatic' | 'by_host' | undefined;
  } = {},
) => {
  const auditionId = newAuditionId();
  const [requested, ...more] = factsUntilScheduled(auditionId, 'org_north');
  if (requested?.type !== 'requested') throw new TypeError('the first fact is the request');
  const events = trail([{ ...requested, joinLinks: joinWindow, recording }, ...more, ...facts]);
  await storeEvents(repositories.events, auditionId, events);
  let count = events.length;
  return {
    auditionId,
    /** Returns the id of a link. */
    issue: async (request: Omit<JoinLinkRequest, 'organization' | 'auditionId'> = {}): Promise<string> => {
      const [id = ''] = await repositories.joinLinks.issue(
        [{ organization: 'org_north', auditionId, ...request }],
        joinLinkIds,
      );
      return id;
    },
    /** Appends facts to the trail. */
    record: (...added: readonly AuditionFact[]): Promise<void> => {
      const from = count + 1;
      count += added.length;
      return storeEvents(repositories.events, auditionId, trail(added, { from }));
    },
  };
};
