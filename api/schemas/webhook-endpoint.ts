/** What the API shows of an endpoint, and takes for one. A secret is shown when it is made, and never again. */
import { z } from 'zod';
import type { WebhookEndpoint } from '../../db/endpoints/repository.ts';
import { endpointIdSchema } from '../../domain/ids.ts';
import { auditionEventTypes } from '../../domain/platform-events/public-event-types.ts';
import { instantSchema } from '../../domain/time/instant.ts';

const url = z.string().min(1).max(2048).describe('Public, and https');

const eventTypes = z
  .array(z.enum(auditionEventTypes))
  .max(auditionEventTypes.length)
  .describe('Which events of auditions it is told of; none named: all of them, those to come too');

/** At least 192 bits, as the specification has it, and no more than 512. */
const keyBytes = { least: 24, most: 64 };

const isKey = (secret: string): boolean => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return key.length >= keyBytes.least && key.length <= keyBytes.most;
};

const endpointSecret = z
  .string()
  .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, 'write "whsec_" and a key of 24 to 64 bytes in base64')
  .refine(isKey, 'the key has 24 to 64 bytes')
  .describe('`whsec_` and 24 to 64 random bytes in base64; without it one is made');

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
      .describe('Enabled again, it is told at once of all that it has missed'),
  })
  .meta({ id: 'WebhookEndpointChanges' });

export const rotationSchema = z
  .object({
    secret: endpointSecret.optional(),
    force: z
      .boolean()
      .default(false)
      .describe('Also while the secret before still signs: that one is then good for nothing any more'),
  })
  .meta({ id: 'SecretRotation' });

/** A day that is in no calendar, or in none of PostgreSQL's, would be found out by a replay that fails for ever. */
const isExistingInstant = (text: string): boolean => {
  const ms = Date.parse(text);
  return ms >= 0 && new Date(ms).toISOString() === text;
};
const replayInstantSchema = instantSchema.refine(isExistingInstant, 'give a time that there is, after 1969');

export const replayRangeSchema = z
  .object({ from: replayInstantSchema, until: replayInstantSchema })
  .refine(({ from, until }) => from < until, { path: ['until'], error: 'until is after from' })
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
      .describe('Since when every attempt has failed; absent while it works'),
    lastSuccessAt: instantSchema.optional().describe('To within ten seconds'),
    lastFailureAt: instantSchema.optional(),
    lastAnswer: z.string().optional().describe('A status, or why there was none'),
    previousSecretUntil: instantSchema
      .optional()
      .describe('Until when the secret before this one signs beside it'),
    createdAt: instantSchema.describe('It is told of what happens from then on'),
  })
  .meta({ id: 'WebhookEndpoint' });

export const endpointWithSecretSchema = endpointSchema
  .extend({ secret: z.string().describe('Shown this once') })
  .meta({ id: 'WebhookEndpointWithSecret' });

export const toEndpointResponse = ({
  organization: _organization,
  ...endpoint
}: WebhookEndpoint): z.input<typeof endpointSchema> => ({
  ...endpoint,
  eventTypes: [...endpoint.eventTypes],
});
