/**
 * Builds the events that are sent to webhook endpoints: `{ type, timestamp, data }`, the payload of the Standard
 * Webhooks specification
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
import { z } from 'zod';
import type { AuditionEvent } from '../audition/events.ts';
import { auditionOutcomes, auditionStates } from '../audition/states.ts';
import { type AuditionView, createView, foldEvent } from '../audition/view.ts';
import { connectionProblemSchema, failureEndings } from '../connections/connection-problem.ts';
import {
  type AuditionId,
  auditionIdSchema,
  connectionIdSchema,
  endpointIdSchema,
  organizationIdSchema,
  projectIdSchema,
  roleIdSchema,
} from '../ids.ts';
import { connectionProviders } from '../providers/vendors.ts';
import { type Instant, instantSchema } from '../time/instant.ts';
import { publicEventDefinitions } from './public-event-definitions.ts';
import { type AuditionEventType, type EndpointEventType } from './public-event-types.ts';

export interface PublicEvent {
  readonly type: AuditionEventType | EndpointEventType;
  /** The time of the event, not of the delivery. */
  readonly timestamp: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event of an audition, with its sequence number in the trail and its webhook id. */
export interface AuditionWebhook {
  /** The webhook id. The same for each delivery of the event, so that receivers can deduplicate. */
  readonly id: string;
  readonly sequence: number;
  /** Undefined when the fact is internal. */
  readonly event: PublicEvent | undefined;
  readonly at: Instant;
  readonly correlationId: string;
}

/** The fields that every audition event has: the audition as it was immediately after the event. */
const auditionDataSchema = z.object({
  audition: auditionIdSchema,
  organization: organizationIdSchema,
  project: projectIdSchema,
  role: roleIdSchema,
  state: z.enum(auditionStates).describe('The state of the audition immediately after the event'),
  outcome: z.enum(auditionOutcomes).optional().describe('Set when the audition is closed'),
  sequence: z.int().describe('Position in the trail. Numbers can be missing: some events are internal'),
  correlationId: z.string().describe('The correlation id of the request or the webhook that led to it'),
});

/** Contains no full stop, which separates the parts of the signed content. */
const messageIdOf = (audition: AuditionId, sequence: number): string => `msg_${audition}_${sequence}`;

/** Converts the complete trail of one audition into its webhooks, one for each event. */
export const toAuditionWebhooks = (trail: readonly AuditionEvent[]): readonly AuditionWebhook[] => {
  let view: AuditionView | undefined;
  return trail.map((event) => {
    view = view ? foldEvent(view, event) : createView(event);
    const { sequence, at, correlationId } = event;
    return {
      id: messageIdOf(view.id, sequence),
      sequence,
      at,
      correlationId,
      event: toPublicEvent(view, event),
    };
  });
};

const toPublicEvent = (view: AuditionView, event: AuditionEvent): PublicEvent | undefined => {
  const publication = publicEventDefinitions[event.fact.type];
  if (!publication) return undefined;
  const { id: audition, organization, project, role, state, outcome } = view;
  return {
    type: publication.type,
    timestamp: event.at,
    data: {
      audition,
      organization,
      project,
      role,
      state,
      ...(outcome && { outcome }),
      sequence: event.sequence,
      correlationId: event.correlationId,
      ...publication.publicFields.parse(event.fact),
    },
  };
};

const endpointDataSchema = z.object({ endpoint: endpointIdSchema, organization: organizationIdSchema });

const connectionDataSchema = z.object({
  connection: connectionIdSchema,
  organization: organizationIdSchema,
  provider: z.enum(connectionProviders).describe('The provider of the account'),
  owner: z
    .string()
    .optional()
    .describe("The platform's id of the person whose account it is; absent for the organization's own"),
  failingSince: instantSchema.describe('The beginning of the oldest problem'),
});

const exampleConnection = {
  connection: 'conn_Vq3hX0w2mR8sT1yK',
  organization: 'org_north',
  provider: 'google',
  owner: 'casting-director-7',
  failingSince: '2026-12-01T08:12:40.000Z',
};

const envelope = (type: string, data: z.ZodObject) =>
  z.object({
    type: z.literal(type).describe('The type of the event'),
    timestamp: instantSchema.describe('When it happened, in UTC. Not the time of the delivery'),
    data: data.describe('What happened, in ids and states'),
  });

interface Documented {
  readonly type: string;
  readonly summary: string;
  readonly schema: z.ZodObject;
  readonly example?: { readonly [field: string]: unknown } | undefined;
}

/** Every event that a receiver can get, with the schema of its body. The OpenAPI document lists them. */
export const documentedEvents: readonly Documented[] = [
  ...Object.values(publicEventDefinitions)
    .filter((row) => row !== null)
    .map(({ type, summary, publicFields }) => ({
      type,
      summary,
      schema: envelope(type, auditionDataSchema.extend(publicFields.shape)),
    })),
  {
    type: 'endpoint.test',
    summary: 'A test message, sent on request',
    schema: envelope('endpoint.test', endpointDataSchema),
  },
  {
    type: 'endpoint.disabled',
    summary: 'Another endpoint of the organization was disabled and gets no more events',
    schema: envelope(
      'endpoint.disabled',
      endpointDataSchema.extend({
        reason: z.string().describe('Why it was disabled'),
      }),
    ),
  },
  {
    type: 'connection.failing',
    summary:
      'A connection has had a problem for 15 minutes, or for a day one that can end without its owner. Sent once, until `connection.failure_ended`',
    schema: envelope(
      'connection.failing',
      connectionDataSchema.extend({
        problems: z
          .array(connectionProblemSchema)
          .describe(
            'The problems when this was noticed, the oldest first. GET /v1/connections returns the present ones',
          ),
      }),
    ),
    example: {
      type: 'connection.failing',
      timestamp: '2026-12-01T08:12:40.000Z',
      data: {
        ...exampleConnection,
        problems: [{ kind: 'calendar_not_found', since: '2026-12-01T08:12:40.000Z' }],
      },
    },
  },
  {
    type: 'connection.failure_ended',
    summary: 'The failure of a connection that was reported as `connection.failing` is over',
    schema: envelope(
      'connection.failure_ended',
      connectionDataSchema.extend({
        endedAt: instantSchema.describe('When this service noticed the end'),
        reason: z
          .enum(failureEndings)
          .describe(
            '`recovered`: no problem is left. `disconnected`: the account was disconnected. `unused`: a calendar that was failing is no longer read, so nothing says that it has recovered',
          ),
      }),
    ),
    example: {
      type: 'connection.failure_ended',
      timestamp: '2026-12-01T09:30:05.000Z',
      data: { ...exampleConnection, endedAt: '2026-12-01T09:30:05.000Z', reason: 'recovered' },
    },
  },
];
