/** Stores webhook endpoints and auditions for tests of event delivery to the platform. */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Repositories } from '../../db/index.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { type AuditionId, type EndpointId, endpointIdSchema, type OrganizationId } from '../../domain/ids.ts';
import { factsUntilScheduled, newAuditionId, storeEvents, trail } from './audition-trail.ts';

export const newEndpointId = (): EndpointId =>
  endpointIdSchema.parse(`endp_${randomBytes(8).toString('hex')}`);
export const newOrganizationId = (): OrganizationId => `org_${randomBytes(8).toString('hex')}`;

/** The actor that is recorded for endpoint changes in tests. */
export const actor: Actor = { by: 'admin of the test', role: 'admin', correlationId: 'correlation-1' };

export const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** A time after the creation of every endpoint in a test; only later events are delivered to it. */
const soon = () => Date.now() + 60_000;

/** Stores a webhook endpoint, and returns its ID. Without `eventTypes`, it receives every event. */
export const addEndpoint = async (
  { endpoints }: Pick<Repositories, 'endpoints'>,
  organization: OrganizationId,
  { url = 'https://platform.example.com/hooks', eventTypes = [] as readonly string[] } = {},
): Promise<EndpointId> => {
  const id = newEndpointId();
  await endpoints.create({ id, organization, url, eventTypes, secret }, actor);
  return id;
};

/** Stores an audition up to `scheduled` (6 events, one of them internal), followed by the facts in `more`. */
export const addAudition = async (
  { events }: Pick<Repositories, 'events'>,
  organization: OrganizationId,
  more: readonly AuditionFact[] = [],
  startMs = soon(),
): Promise<AuditionId> => {
  const id = newAuditionId();
  await storeEvents(events, id, trail([...factsUntilScheduled(id, organization), ...more], { startMs }));
  return id;
};

/** Appends facts to an audition; `from` is the sequence number of the first. */
export const addEvents = (
  { events }: Pick<Repositories, 'events'>,
  id: AuditionId,
  from: number,
  facts: readonly AuditionFact[],
): Promise<void> => storeEvents(events, id, trail(facts, { from, startMs: soon() }));
