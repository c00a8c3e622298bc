/**
 * An event as a receiver gets it: `{ type, timestamp, data }`, as the Standard Webhooks specification has it
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */
import { z } from 'zod';
import type { AuditionEvent } from '../audition/events.ts';
import { auditionOutcomes, auditionStates } from '../audition/states.ts';
import { type AuditionView, createView, foldEvent } from '../audition/view.ts';
import {
  type AuditionId,
  auditionIdSchema,
  endpointIdSchema,
  organizationIdSchema,
  projectIdSchema,
  roleIdSchema,
} from '../ids.ts';
import { type Instant, instantSchema } from '../time/instant.ts';
import {
  type AuditionEventType,
  type EndpointEventType,
  publicEventDefinitions,
} from './public-event-types.ts';

export interface PublicEvent {
  readonly type: AuditionEventType | EndpointEventType;
  /** When it happened, not when it is sent. */
  readonly timestamp: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event of an audition, with its place in the trail and the id under which it is sent. */
export interface AuditionWebhook {
  /** The same whenever it is sent: receivers know by it what they have seen. */
  readonly id: string;
  readonly sequence: number;
  /** Absent where the fact is ours alone. */
  readonly event: PublicEvent | undefined;
  readonly at: Instant;
  readonly correlationId: string;
}

/** What every event of an audition says of it, as it was once the event had happened. */
const auditionDataSchema = z.object({
  audition: auditionIdSchema,
  organization: organizationIdSchema,
  project: projectIdSchema,
  role: roleIdSchema,
  state: z.enum(auditionStates),
  outcome: z.enum(auditionOutcomes).optional().describe('Of a closed audition'),
  sequence: z.int().describe('Its place in the trail. Not every number is sent: some events are internal'),
  correlationId: z.string(),
});

/** No full stop in it: the signature's parts are parted by one. */
const messageIdOf = (audition: AuditionId, sequence: number): string => `msg_${audition}_${sequence}`;

/** The trail of one audition, from its beginning, as what is told of it. */
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

const envelope = (type: string, data: z.ZodObject) =>
  z.object({ type: z.literal(type), timestamp: instantSchema, data });

interface Documented {
  readonly type: string;
  readonly summary: string;
  readonly schema: z.ZodObject;
}

/** Every event that a receiver may get, with the schema of its body: for the API's description. */
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
    summary: 'Somebody wants to know whether this endpoint works',
    schema: envelope('endpoint.test', endpointDataSchema),
  },
  {
    type: 'endpoint.disabled',
    summary: 'Another endpoint of the organization has been given up and is told nothing more',
    schema: envelope('endpoint.disabled', endpointDataSchema.extend({ reason: z.string() })),
  },
];
