/** Appends what the synchronization decides and does to the trails of auditions. Costs the auditions no action. */
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId, ConnectionId, OrganizationId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';

export interface AuditionFacts {
  /** Appends the fact once per key. The audition can be closed. An audition without a trail gets no fact. */
  append(
    about: {
      readonly auditionId: AuditionId;
      readonly correlationId: string;
      /** See `domain/audition/principal.ts`. Absent: this service itself. */
      readonly principal?: string;
    },
    key: string,
    fact: AuditionFact,
  ): Promise<void>;
  /** Returns whether the audition knows that a person has deleted an event of it in a calendar of the connection, or has moved it away. */
  isDeletionKnown(
    organization: OrganizationId,
    auditionId: AuditionId,
    connection: ConnectionId,
  ): Promise<boolean>;
}

const factsPerPage = 200;

/** Creates the port. */
export const createAuditionFacts = (events: Pick<EventStore, 'append' | 'read'>): AuditionFacts => ({
  async append({ auditionId, correlationId, principal }, key, fact) {
    const at = toInstant(Date.now());
    const call = { auditionId, run: correlationId, position: anyPosition };
    await events.append(call, { ifAllowed: [{ at, correlationId, principal, key, fact }] });
  },

  async isDeletionKnown(organization, auditionId, connection) {
    for (let after = 0; ; ) {
      const page = await events.read(organization, auditionId, { after, limit: factsPerPage });
      const isKnown = page.some(
        ({ fact }) =>
          fact.type === 'calendar_changed' && fact.change === 'deleted' && fact.connection === connection,
      );
      const last = page.at(-1);
      if (isKnown || page.length < factsPerPage || !last) return isKnown;
      after = last.sequence;
    }
  },
});
