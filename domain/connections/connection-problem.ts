/** What keeps a connection from working completely, as its owner and the platform are told. */
import { z } from 'zod';
import { type Instant, instantSchema } from '../time/instant.ts';

/** The kinds are part of the API and of events: add, never rename or remove. */
export const connectionProblemKinds = [
  /** The account must be connected again, or the address of the feed entered again. */
  'reconnect',
  /** A calendar that open auditions use was deleted, or is no longer shared with the account. */
  'calendar_not_found',
  /** The account may no longer read a calendar that open auditions use. */
  'calendar_not_permitted',
  /** The vendor refuses to list a calendar, or the calendar has more events than this service reads. */
  'calendar_rejected',
  /** A calendar cannot be read for a cause that its owner cannot remove. */
  'calendar_unavailable',
  /** The vendor has answered for ten minutes what this service cannot read. Its owner cannot remove that either. */
  'calendar_unreadable',
  /** Some events cannot be read, or not completely. The others are read. */
  'events_unreadable',
  /** An event repeats more often than can be listed. It counts as busy without a break. */
  'events_too_frequent',
] as const;
/** The problems that are damage of events: the calendar itself is read. */
export const damageKinds = [
  'events_unreadable',
  'events_too_frequent',
] as const satisfies readonly (typeof connectionProblemKinds)[number][];
export type DamageKind = (typeof damageKinds)[number];

export type ConnectionProblemKind = (typeof connectionProblemKinds)[number];

export const connectionProblemSchema = z.object({
  kind: z
    .enum(connectionProblemKinds)
    .describe(
      '`reconnect`: the account must be connected again, or the address of the feed entered again. `calendar_not_found`: a calendar of an open audition was deleted or is no longer shared. `calendar_not_permitted`: the account may no longer read it. `calendar_rejected`: the provider refuses to list it, or it has too many events. `calendar_unavailable`: it cannot be read for another cause. `calendar_unreadable`: the answers of the provider have not matched its documentation for ten minutes. `events_unreadable`: damaged events are left out. `events_too_frequent`: an event repeats too often and counts as busy without a break',
    ),
  since: instantSchema.describe('When the problem was first noticed'),
});

export interface ConnectionProblem {
  readonly kind: ConnectionProblemKind;
  readonly since: Instant;
  /** The stored name of the calendar, a hash. Undefined: the problem is one of the whole connection. */
  readonly calendar?: string | undefined;
}

/** Why a failure of a connection is over. */
export const failureEndings = [
  /** No problem is left. */
  'recovered',
  /** The account was disconnected. */
  'disconnected',
  /** A calendar that was failing is no longer read, so nothing says that it has recovered. */
  'unused',
] as const;
