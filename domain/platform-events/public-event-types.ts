/**
 * What the platform is told of an audition's life: one row for each fact of the trail, with the event's public type
 * and what of the fact is public. A fact without a row does not compile; one whose row is null is ours alone.
 *
 * The types and shapes are a contract with receivers that are not ours: add, never rename or take away. Nothing of a
 * person but ids, no link that lets somebody in, no text that somebody wrote: who needs more reads the audition.
 */
import { z } from 'zod';
import { attentionActions, attentionItemSchema } from '../audition/attention.ts';
import {
  type AuditionFactType,
  answers,
  decisions,
  deliveryStatuses,
  noticeKinds,
} from '../audition/events.ts';
import { slotSchema } from '../audition/slot.ts';
import { auditionIdSchema, participantIdSchema } from '../ids.ts';
import { channels } from '../providers/vendors.ts';

interface PublicEventDefinition {
  readonly type: `audition.${string}`;
  readonly summary: string;
  /** The public part of the fact: whatever else it holds is stripped. */
  readonly publicFields: z.ZodObject;
}

const participant = participantIdSchema;
const origin = z.string().describe('Where it came from: api, link, sms, calendar, operator or system');
const channel = z.enum(channels);
const revision = z.int().describe('Rises with each move of the slot');
const at = { slot: slotSchema, revision };
const attention = attentionItemSchema.shape;

export const publicEventDefinitions = {
  requested: {
    type: 'audition.requested',
    summary: 'It was requested',
    publicFields: z.object({ previous: auditionIdSchema.optional().describe('The round before') }),
  },
  /** What follows says more. */
  holding_started: null,
  slot_held: { type: 'audition.slot_held', summary: 'A slot is held for it', publicFields: z.object(at) },
  slot_refused: {
    type: 'audition.slot_refused',
    summary: 'It has no slot and is closed',
    publicFields: z.object({ reason: z.string() }),
  },
  meeting_created: {
    type: 'audition.meeting_created',
    summary: 'It has a meeting; the link to it is read with the audition',
    publicFields: z.object({ meeting: z.object({ provider: z.string(), id: z.string() }) }),
  },
  meeting_fell_back: {
    type: 'audition.meeting_fell_back',
    summary: 'A provider of meetings could not, and the next one is tried',
    publicFields: z.object({ from: z.string(), to: z.string().optional() }),
  },
  calendar_event_written: {
    type: 'audition.calendar_event_written',
    summary: "It is in a participant's calendar",
    publicFields: z.object({ participant, provider: z.string() }),
  },
  notified: {
    type: 'audition.notified',
    summary: 'A participant was written to',
    publicFields: z.object({ participant, channel, notice: z.enum(noticeKinds), revision }),
  },
  scheduled: {
    type: 'audition.scheduled',
    summary: 'Slot, meeting and calendars stand, and everybody is invited',
    publicFields: z.object({}),
  },
  responded: {
    type: 'audition.responded',
    summary: 'A participant has answered',
    publicFields: z.object({ participant, answer: z.enum(answers), origin }),
  },
  confirmed: {
    type: 'audition.confirmed',
    summary: 'Everybody who must come will',
    publicFields: z.object({}),
  },
  confirmation_lost: {
    type: 'audition.confirmation_lost',
    summary: 'Somebody who must come has changed their answer',
    publicFields: z.object({}),
  },
  slot_moved: {
    type: 'audition.rescheduled',
    summary: 'It has moved to another slot, and the answers count no more',
    publicFields: z.object({ ...at, origin }),
  },
  move_reverted: {
    type: 'audition.reschedule_reverted',
    summary: 'A move was given up: it is in its old slot, and the old answers count',
    publicFields: z.object(at),
  },
  move_refused: {
    type: 'audition.reschedule_refused',
    summary: 'A move that was under way could not be made',
    publicFields: z.object({ code: z.string() }),
  },
  delivery_reported: {
    type: 'audition.notice_reported',
    summary: 'What became of a message to a participant',
    publicFields: z.object({
      participant,
      channel,
      status: z.enum(deliveryStatuses),
      code: z.string().optional().describe("The carrier's own"),
    }),
  },
  checked_in: {
    type: 'audition.checked_in',
    summary: 'A participant is here',
    publicFields: z.object({ participant }),
  },
  session_started: {
    type: 'audition.session_started',
    summary: 'The session has begun',
    publicFields: z.object({ origin }),
  },
  session_ended: {
    type: 'audition.session_ended',
    summary: 'The session is over',
    publicFields: z.object({ origin }),
  },
  decided: {
    type: 'audition.decided',
    summary: 'It was decided, and is closed',
    publicFields: z.object({
      decision: z.enum(decisions),
      next: auditionIdSchema.optional().describe('The round that follows'),
    }),
  },
  step_skipped: {
    type: 'audition.step_skipped',
    summary: 'An operator has left a step out',
    publicFields: z.object({ step: attention.step }),
  },
  /** How we tidy up. */
  compensated: null,
  attention_raised: {
    type: 'audition.attention_raised',
    summary: 'A step gave up and waits for an operator',
    publicFields: z.object({
      item: attentionItemSchema.pick({ id: true, step: true, code: true, provider: true, dueAt: true }),
    }),
  },
  attention_overdue: {
    type: 'audition.attention_overdue',
    summary: 'No operator has come in time',
    publicFields: z.object({ id: attention.id, dueAt: attention.dueAt }),
  },
  attention_resolved: {
    type: 'audition.attention_resolved',
    summary: 'An operator has said what to do, or there is nothing left to do',
    publicFields: z.object({ id: attention.id, action: z.enum(attentionActions).or(z.literal('withdrawn')) }),
  },
  declined: {
    type: 'audition.declined',
    summary: 'The performer has declined, and it is closed',
    publicFields: z.object({ participant }),
  },
  no_show: {
    type: 'audition.no_show',
    summary: 'The performer did not come, and it is closed',
    publicFields: z.object({}),
  },
  cancelled: {
    type: 'audition.cancelled',
    summary: 'It was cancelled',
    publicFields: z.object({ origin }),
  },
  failed: {
    type: 'audition.failed',
    summary: 'It could not be held, and is closed',
    publicFields: z.object({ code: z.string() }),
  },
} as const satisfies Readonly<Record<AuditionFactType, PublicEventDefinition | null>>;

type Published = Exclude<(typeof publicEventDefinitions)[AuditionFactType], null>;
export type AuditionEventType = Published['type'];

const published: readonly Published[] = Object.values(publicEventDefinitions).filter((row) => row !== null);

export const auditionEventTypes: readonly AuditionEventType[] = published.map(({ type }) => type);

/** Events that are of no audition. */
export type EndpointEventType = 'endpoint.test' | 'endpoint.disabled';

const publicTypeOfFact: ReadonlyMap<string, AuditionEventType | null> = new Map(
  Object.entries(publicEventDefinitions).map(([fact, row]) => [fact, row?.type ?? null]),
);

/** The public type of a fact; null where it is ours alone. Undefined for a fact that this version does not know. */
export const publicEventTypeOf = (fact: string): AuditionEventType | null | undefined =>
  publicTypeOfFact.get(fact);
