/** The types of public events, and which fact each belongs to. */
import type { AuditionFactType } from '../audition/events.ts';
import { publicEventDefinitions } from './public-event-definitions.ts';

type Published = Exclude<(typeof publicEventDefinitions)[AuditionFactType], null>;
export type AuditionEventType = Published['type'];

const published: readonly Published[] = Object.values(publicEventDefinitions).filter((row) => row !== null);

export const auditionEventTypes: readonly AuditionEventType[] = published.map(({ type }) => type);

/** Events that belong to no audition. */
export type EndpointEventType =
  | 'endpoint.test'
  | 'endpoint.disabled'
  | 'connection.failing'
  | 'connection.failure_ended';

const publicTypeOfFact: ReadonlyMap<string, AuditionEventType | null> = new Map(
  Object.entries(publicEventDefinitions).map(([fact, row]) => [fact, row?.type ?? null]),
);

/** Returns the public type of a fact: null when the fact is internal, undefined when this version does not know it. */
export const publicEventTypeOf = (fact: string): AuditionEventType | null | undefined =>
  publicTypeOfFact.get(fact);
