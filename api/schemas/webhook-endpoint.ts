/** The API's schemas of webhook endpoints. A secret is shown only in the response that creates it. */
import { z } from 'zod';
import type { WebhookEndpoint } from '../../db/endpoints/repository.ts';
import { endpointIdSchema } from '../../domain/ids.ts';
import { auditionEventTypes } from '../../domain/platform-events/public-event-types.ts';
import { instantSchema } from '../../domain/time/instant.ts';

const url = z.string().min(1).max(2048).describe('A public https URL');

const eventTypes = z
  .array(z.enum(auditionEventTypes))
  .max(auditionEventTypes.length)
  .describe('Event types that the endpoint receives. Empty: all types, including future ones');

/** 192 to 512 bits, as the Standard Webhooks specification requires. */
const keyBytes = { min: 24, max: 64 };

const isKey = (secret: string): boolean => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return key.length >= keyBytes.min && key.length <= keyBytes.max;
};

const endpointSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'write "whsec_" and a key of 24 to 64 bytes in base64')
  .refine(isKey, 'the key has 24 to 64 bytes')
  .describe('`whsec_` and 24 to 64 random bytes in base64. Generated if absent');

export const newEndpointSchema = z
  .object({ url, eventTypes: eventTypes.default([]), secret: endpointSecret.optional() })
  .meta({ id: 'NewWebhookEndpoint' });

export const endpointChangesSchema = z
  .object({
    url: url.optional(),
    eventTypes: eventTypes.optional(),
    status: z
      .enum(['enabled', 'disabled'])
      .optional()
      .describe('After it is enabled again, it immediately receives all missed events'),
  })
  .meta({ id: 'WebhookEndpointChanges' });

export const rotationSchema = z
  .object({
    secret: endpointSecret.optional(),
    force: z
      .boolean()
      .default(false)
      .describe('Rotate also while the previous secret still signs. That secret then becomes invalid'),
  })
  .meta({ id: 'SecretRotation' });

/** Rejects impossible dates. Otherwise the replay workflow would fail on them in the database, and retry forever. */
const isExistingInstant = (text: string): boolean => {
  const ms = Date.parse(text);
  return ms >= 0 && new Date(ms).toISOString() === text;
};
const replayInstantSchema = instantSchema.refine(isExistingInstant, 'use an existing time after 1969');

export const replayRangeSchema = z
  .object({ from: replayInstantSchema, until: replayInstantSchema })
  .refine(({ from, until }) => from < until, { path: ['until'], error: 'until must be after from' })
  .meta({ id: 'ReplayRange' });

export const endpointParams = z.object({ id: endpointIdSchema });

export const endpointSchema = z
  .object({
    id: endpointIdSchema,
    url: z.string(),
    eventTypes: z.array(z.string()),
    status: z.enum(['enabled', 'disabled']),
    disabledReason: z.string().optional(),
    disabledAt: instantSchema.optional(),
    failingSince: instantSchema
      .optional()
      .describe('Since this time every attempt has failed; absent while the endpoint works'),
    lastSuccessAt: instantSchema.optional().describe('Accurate to ten seconds'),
    lastFailureAt: instantSchema.optional(),
    lastAnswer: z.string().optional().describe('The HTTP status, or the reason why there was no response'),
    previousSecretUntil: instantSchema.optional().describe('Until this time the previous secret signs too'),
    createdAt: instantSchema.describe('The endpoint receives events from this time on'),
  })
  .meta({ id: 'WebhookEndpoint' });

export const endpointWithSecretSchema = endpointSchema
  .extend({ secret: z.string().describe('Shown only in this response') })
  .meta({ id: 'WebhookEndpointWithSecret' });

/** Returns the public fields of an endpoint. */
export const toEndpointResponse = ({
  organization: _organization,
  ...endpoint
}: WebhookEndpoint): z.input<typeof endpointSchema> => ({
  ...endpoint,
  eventTypes: [...endpoint.eventTypes],
});
