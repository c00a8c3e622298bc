/** A webhook endpoint of the API: its stored URL, its secret and ID, how it is looked up, and the refusals about it. */
import { randomBytes } from 'node:crypto';
import type { WebhookEndpoint } from '../../db/endpoints/repository.ts';
import { Refusal } from '../../domain/errors.ts';
import { type EndpointId, endpointIdSchema, type OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** An address that was found fit to be called, as it is kept: written in the one way, without a fragment. */
export const normalizedUrl = (url: string): string => {
  const kept = new URL(url);
  kept.hash = '';
  return kept.href;
};

/** For the audit of acts: a query may hold a token of the receiver's. */
export const urlWithoutQuery = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** 256 bits, written as the Standard Webhooks specification has it. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

export const newEndpointId = (): EndpointId =>
  endpointIdSchema.parse(`endp_${randomBytes(12).toString('hex')}`);

export const endpointNotFound = (id: string): Refusal =>
  new Refusal(
    'endpoint_not_found',
    `Your organization has no webhook endpoint ${id}.`,
    'GET /v1/webhook-endpoints lists those it has.',
  );

export const tooManyEndpoints = (): Refusal =>
  new Refusal(
    'endpoint_limit_reached',
    'Your organization has as many webhook endpoints as it may.',
    'Remove one that is not needed, or change it.',
  );

export const endpointDisabled = (id: string): Refusal =>
  new Refusal(
    'endpoint_disabled',
    `The webhook endpoint ${id} is disabled.`,
    'Enable it first: PATCH it with { "status": "enabled" }.',
  );

export const rotationUnderWay = (until: string): Refusal =>
  new Refusal(
    'rotation_under_way',
    `The secret before this one still signs, until ${until}: a receiver may know only that one.`,
    'Wait until then, or send { "force": true }.',
  );

/**
 * Returns the endpoint.
 * @throws {Refusal} `endpoint_not_found` when the organization has no endpoint with this ID.
 */
export const requireEndpoint = async (
  { repositories }: Pick<ApiDependencies, 'repositories'>,
  organization: OrganizationId,
  id: EndpointId,
): Promise<WebhookEndpoint> => {
  const endpoint = await repositories.endpoints.get(organization, id);
  if (!endpoint) throw endpointNotFound(id);
  return endpoint;
};
