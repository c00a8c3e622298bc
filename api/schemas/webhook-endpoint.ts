/** The API's schemas of webhook endpoints. A secret is shown only in the response that creates it. */
import { z } from 'zod';
import type { WebhookEndpoint } from '../../db/endpoints/repository.ts';
import { endpointIdSchema } from '../../domain/ids.ts';
import { auditionEventTypes } from '../../domain/platform-events/public-event-types.ts';
import { instantSchema } from '../../domain/time/instant.ts';

const url = z
  .string()
  .min(1)
  .max(2048)
  // In the reference only: an address that is refused has its own code, with the reason.
  .meta({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$' })
  .describe('A public https URL');

const eventTypes = z
  .array(z.enum(auditionEventTypes))
  .max(auditionEventTypes.length)
  .describe('Event types that the endpoint receives. Empty, the default: all types, including future ones');

/**
 * Base64 of 24 to 64 bytes, as the Standard Webhooks specification requires: 8 to 20 groups of 3 bytes and a rest, or 21 groups and a byte. The
 * padding can be missing.
 */
const secretPattern =
  /^whsec_(?:[A-Za-z0-9+/]{4}){8}(?:(?:[A-Za-z0-9+/]{4}){0,12}(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{4})?|(?:[A-Za-z0-9+/]{4}){13}(?:[A-Za-z0-9+/]{2}(?:==)?)?)$/;

const endpointSecret = z
  .string()
  .regex(secretPattern, 'write "whsec_" and a key of 24 to 64 bytes in base64')
  .describe('`whsec_` and 24 to 64 random bytes in base64. Generated if absent');

export const newEndpointSchema = z
  .strictObject({ url, eventTypes: eventTypes.default([]), secret: endpointSecret.optional() })
  .meta({ id: 'NewWebhookEndpoint', description: 'A URL that receives events' });

export const endpointChangesSchema = z
  .strictObject({
    url: url.optional(),
    eventTypes: eventTypes.optional(),
    status: z
      .enum(['enabled', 'disabled'])
      .optional()
      .describe('After it is enabled again, it immediately receives all missed events'),
  })
  .meta({ id: 'WebhookEndpointChanges', description: 'What is changed. What is omitted stays' });

export const rotationSchema = z
  .strictObject({
    secret: endpointSecret.optional(),
    force: z
      .boolean()
      .default(false)
      .describe(
        'Rotate also while the previous secret still signs. That secret then becomes invalid. Default: false',
      ),
  })
  .meta({ id: 'SecretRotation', description: 'How the secret is replaced' });

/** Rejects impossible dates. Otherwise the replay workflow would fail on them in the database, and retry forever. */
const isExistingInstant = (text: string): boolean => {
  const ms = Date.parse(text);
  return ms >= 0 && new Date(ms).toISOString() === text;
};
const replayInstantSchema = instantSchema.refine(isExistingInstant, 'use an existing time after 1969');

export const replayRangeSchema = z
  .strictObject({
    from: replayInstantSchema.describe('Events from this time on'),
    until: replayInstantSchema.describe('Events before this time'),
  })
  .refine(({ from, until }) => from < until, { path: ['until'], error: 'until must be after from' })
  .meta({ id: 'ReplayRange', description: 'The time whose events are sent again' });

export const endpointParams = z.object({ id: endpointIdSchema });

export const endpointSchema = z
  .object({
    id: endpointIdSchema,
    url: z.string().describe('The URL that receives the events'),
    eventTypes: z.array(z.string()).describe('The event types that it receives. Empty: all'),
    status: z.enum(['enabled', 'disabled']).describe('A disabled endpoint receives nothing'),
    disabledReason: z.string().optional().describe('Why it is disabled'),
    disabledAt: instantSchema.optional().describe('When it was disabled, in UTC'),
    failingSince: instantSchema
      .optional()
      .describe('Since this time every attempt has failed; absent while the endpoint works'),
    lastSuccessAt: instantSchema.optional().describe('Accurate to ten seconds'),
    lastFailureAt: instantSchema.optional().describe('When a delivery last failed, in UTC'),
    lastAnswer: z.string().optional().describe('The HTTP status, or the reason why there was no response'),
    previousSecretUntil: instantSchema.optional().describe('Until this time the previous secret signs too'),
    createdAt: instantSchema.describe('The endpoint receives events from this time on'),
  })
  .meta({ id: 'WebhookEndpoint', description: 'A URL that receives events, and how deliveries to it go' });

export const endpointWithSecretSchema = endpointSchema
  .extend({ secret: z.string().describe('Shown only in this response') })
  .meta({ id: 'WebhookEndpointWithSecret', description: 'The endpoint with its secret' });

/** Returns the public fields of an endpoint. */
export const toEndpointResponse = ({
  organization: _organization,
  ...endpoint
}: WebhookEndpoint): z.input<typeof endpointSchema> => ({
  ...endpoint,
  eventTypes: [...endpoint.eventTypes],
});
