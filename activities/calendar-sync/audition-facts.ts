/** Appends what the synchronization decides and does to the trails of auditions. Costs the auditions no action. */
import type { EventStore } from '../../db/trail/event-store.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { anyPosition } from '../../domain/audition/trail-facts.ts';
import type { AuditionId } from '../../domain/ids.ts';
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
}

/** Creates the port. */
export const createAuditionFacts = (events: Pick<EventStore, 'append'>): AuditionFacts => ({
  async append({ auditionId, correlationId, principal }, key, fact) {
    const at = toInstant(Date.now());
    const call = { auditionId, run: correlationId, position: anyPosition };
    await events.append(call, { ifAllowed: [{ at, correlationId, principal, key, fact }] });
  },
});
