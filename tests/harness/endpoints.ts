/** Endpoints and auditions for tests of what the platform is told. */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../../db/access/administrative-acts.ts';
import type { Repositories } from '../../db/index.ts';
import type { AuditionFact } from '../../domain/audition/events.ts';
import { type AuditionId, type EndpointId, endpointIdSchema, type OrganizationId } from '../../domain/ids.ts';
import { factsUntilScheduled, newAuditionId, trail } from './audition-trail.ts';

export const newEndpointId = (): EndpointId =>
  endpointIdSchema.parse(`endp_${randomBytes(8).toString('hex')}`);
export const newOrganizationId = (): OrganizationId => `org_${randomBytes(8).toString('hex')}`;

/** Who changes endpoints in tests. */
export const actor: Actor = { by: 'admin of the test', role: 'admin', correlationId: 'correlation-1' };

export const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** Later than any endpoint that a test makes. */
const soon = () => Date.now() + 60_000;

export const addEndpoint = async (
  { endpoints }: Pick<Repositories, 'endpoints'>,
  organization: OrganizationId,
  { url = 'https://platform.example.com/hooks', eventTypes = [] as readonly string[] } = {},
): Promise<EndpointId> => {
  const id = newEndpointId();
  await endpoints.create({ id, organization, url, eventTypes, secret }, actor);
  return id;
};

/** An audition up to `scheduled` (6 events, one of them ours alone), and more if it is wanted. */
export const addAudition = async (
  { events }: Pick<Repositories, 'events'>,
  organization: OrganizationId,
  more: readonly AuditionFact[] = [],
  startMs = soon(),
): Promise<AuditionId> => {
  const id = newAuditionId();
  await events.append(id, trail([...factsUntilScheduled(id, organization), ...more], { startMs }));
  return id;
};

export const addEvents = (
  { events }: Pick<Repositories, 'events'>,
  id: AuditionId,
  from: number,
  facts: readonly AuditionFact[],
): Promise<void> => events.append(id, trail(facts, { from, startMs: soon() }));
