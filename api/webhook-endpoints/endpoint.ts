/** Helpers of the webhook endpoint routes: URLs, secrets, IDs, lookup and refusals. */
import { randomBytes } from 'node:crypto';
import type { WebhookEndpoint } from '../../db/endpoints/repository.ts';
import { Refusal } from '../../domain/errors.ts';
import { type EndpointId, endpointIdSchema, type OrganizationId } from '../../domain/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';

/** Returns the URL in the form in which it is stored: normalized, without a fragment. */
export const normalizedUrl = (url: string): string => {
  const normalized = new URL(url);
  normalized.hash = '';
  return normalized.href;
};

/** Returns the URL without its query, for the audit log: the query can contain a token of the receiver. */
export const urlWithoutQuery = (url: string): string => {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
};

/** Returns a new secret of 256 bits, in the format of the Standard Webhooks specification. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** Returns a new random endpoint ID. */
export const newEndpointId = (): EndpointId =>
  endpointIdSchema.parse(`endp_${randomBytes(12).toString('hex')}`);

/** Creates the refusal for an endpoint that the organization does not have. */
export const endpointNotFound = (id: string): Refusal =>
  new Refusal(
    'endpoint_not_found',
    `Your organization has no webhook endpoint ${id}.`,
    'GET /v1/webhook-endpoints lists your endpoints.',
  );

/** Creates the refusal for an organization that has the maximum number of endpoints. */
export const tooManyEndpoints = (): Refusal =>
  new Refusal(
    'endpoint_limit_reached',
    'Your organization has the maximum number of webhook endpoints.',
    'Remove or change an endpoint that you no longer need.',
  );

/** Creates the refusal for an action that needs an enabled endpoint. */
export const endpointDisabled = (id: string): Refusal =>
  new Refusal(
    'endpoint_disabled',
    `The webhook endpoint ${id} is disabled.`,
    'Enable it first: send PATCH with { "status": "enabled" }.',
  );

/** Creates the refusal for a rotation while the previous secret still signs, until `until`. */
export const rotationUnderWay = (until: string): Refusal =>
  new Refusal(
    'rotation_under_way',
    `The previous secret still signs until ${until}, and a receiver may know only that one.`,
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
