import { describe, expect, it } from 'vitest';
import { newAuditionId, requested, trail } from '../../tests/harness/audition-trail.ts';
import { type AuditionFact, type AuditionFactType, auditionFactSchema } from '../audition/events.ts';
import { participantIdSchema } from '../ids.ts';
import { matchesSubscription } from './event-subscription.ts';
import { documentedEvents, toAuditionWebhooks } from './public-event.ts';
import { publicEventDefinitions } from './public-event-definitions.ts';
import { auditionEventTypes, publicEventTypeOf } from './public-event-types.ts';

const audition = newAuditionId();
const participant = participantIdSchema.parse('performer-1');
const at = '2027-03-01T09:00:00.000Z';
const slot = { start: at, end: '2027-03-01T09:30:00.000Z', zone: 'Europe/Paris' } as const;
/** Stands for free text and join links, which must not be published. */
const secretText = 'SECRET';

/** One of each fact. A missing fact does not compile. */
const facts: { readonly [Type in AuditionFactType]: Extract<AuditionFact, { type: Type }> } = {
  requested: requested(audition),
  recording_consented: {
    type: 'recording_consented',
    participant: participant,
    consent: 'given',
    origin: 'api',
  },
  recording_stored: {
    type: 'recording_stored',
    recording: 'rec_1',
    provider: 'zoom',
    files: 3,
    bytes: 3_404_000,
  },
  recording_missing: {
    type: 'recording_missing',
    provider: 'zoom',
    meetingId: '1',
    reason: 'never_made',
  },
  recording_deleted: { type: 'recording_deleted', recording: 'rec_1', reason: 'retention' },
  holding_started: { type: 'holding_started' },
  slot_held: { type: 'slot_held', slot, revision: 1, until: at },
  slot_refused: { type: 'slot_refused', reason: 'taken' },
  meeting_created: { type: 'meeting_created', meeting: { provider: 'zoom', id: '1', joinUrl: secretText } },
  meeting_settings_changed: {
    type: 'meeting_settings_changed',
    meetingId: '1',
    notHonored: ['autoStartRecording'],
  },
  meeting_access_changed: {
    type: 'meeting_access_changed',
    meetingId: '1',
    access: { joinUrl: secretText, dialIn: secretText },
  },
  meeting_fell_back: { type: 'meeting_fell_back', from: 'zoom', to: 'google_meet', reason: secretText },
  meeting_lost: { type: 'meeting_lost', meeting: { provider: 'zoom', id: '1', joinUrl: secretText } },
  backup_announced: { type: 'backup_announced', revision: 1 },
  budget_nearly_spent: {
    type: 'budget_nearly_spent',
    channel: 'sms',
    day: '2026-12-01',
    used: 80,
    budget: 100,
  },
  participant_joined: { type: 'participant_joined', participant, at },
  participant_left: { type: 'participant_left', participant, at },
  calendar_event_written: {
    type: 'calendar_event_written',
    participant,
    provider: 'google',
    connection: 'conn_1',
    eventId: secretText,
  },
  room_booked: { type: 'room_booked', provider: 'google', connection: 'conn_room', eventId: 'e1' },
  room_answered: {
    type: 'room_answered',
    provider: 'google',
    connection: 'conn_room',
    answer: 'declined',
  },
  session_block_changed: {
    type: 'session_block_changed',
    block: 'blk_1',
    version: 2,
    change: 'no_session',
  },
  calendar_changed: {
    type: 'calendar_changed',
    participant,
    provider: 'google',
    connection: 'conn_1',
    change: 'moved',
    start: at,
    end: slot.end,
  },
  calendar_event_removed: {
    type: 'calendar_event_removed',
    provider: 'google',
    connection: 'conn_1',
    eventId: secretText,
    reason: 'duplicated',
  },
  notified: {
    type: 'notified',
    participant,
    channel: 'email',
    notice: 'invitation',
    revision: 1,
    deliveryId: secretText,
  },
  scheduled: { type: 'scheduled' },
  responded: { type: 'responded', participant, answer: 'accepted', origin: 'link' },
  answer_ignored: {
    type: 'answer_ignored',
    participant,
    answer: 'declined',
    origin: 'email',
    revision: 1,
    reason: 'answer_superseded',
  },
  time_proposed: { type: 'time_proposed', participant, origin: 'email', start: at, end: slot.end },
  confirmed: { type: 'confirmed' },
  confirmation_lost: { type: 'confirmation_lost' },
  slot_moved: { type: 'slot_moved', slot, revision: 2, until: at, origin: 'api', reason: secretText },
  move_reverted: {
    type: 'move_reverted',
    slot,
    revision: 3,
    until: at,
    reason: secretText,
    announcedAs: [1],
    answers: [],
  },
  move_refused: { type: 'move_refused', code: 'slot_taken', reason: secretText },
  delivery_reported: {
    type: 'delivery_reported',
    participant,
    channel: 'sms',
    deliveryId: secretText,
    status: 'failed',
    code: '30003',
  },
  reminder_dropped: {
    type: 'reminder_dropped',
    offsetMs: 3_600_000,
    participants: [participant],
    reason: 'overdue',
  },
  participant_added: {
    type: 'participant_added',
    participant: {
      id: participantIdSchema.parse('reader-2'),
      kind: 'reader',
      zone: 'Europe/Paris',
      required: false,
    },
  },
  participant_removed: { type: 'participant_removed', participant: participantIdSchema.parse('reader-2') },
  checked_in: { type: 'checked_in', participant },
  session_started: { type: 'session_started', origin: 'api' },
  session_ended: { type: 'session_ended', origin: 'system' },
  decided: { type: 'decided', decision: 'callback', next: 'aud_next' },
  reopened_for_decision: { type: 'reopened_for_decision', origin: 'api', reason: secretText },
  reopened_for_session: { type: 'reopened_for_session', origin: 'api', slot, revision: 4 },
  taken_over: { type: 'taken_over', cause: 'reset' },
  step_skipped: { type: 'step_skipped', step: 'meeting', detail: secretText },
  compensated: { type: 'compensated', step: 'meeting', result: 'undone' },
  attention_raised: {
    type: 'attention_raised',
    item: {
      id: 'att_1',
      step: 'meeting',
      what: secretText,
      hint: secretText,
      actions: ['retry'],
      code: 'outage',
      provider: 'zoom',
      raisedAt: at,
      dueAt: at,
      overdue: false,
    },
  },
  attention_overdue: { type: 'attention_overdue', id: 'att_1', dueAt: at },
  attention_resolved: { type: 'attention_resolved', id: 'att_1', action: 'retry', by: secretText },
  declined: { type: 'declined', participant },
  no_show: { type: 'no_show' },
  cancelled: { type: 'cancelled', origin: 'api', reason: secretText },
  failed: { type: 'failed', code: 'aborted', reason: secretText },
};

describe.each(Object.values(facts))('the fact $type', (fact) => {
  const publication = publicEventDefinitions[fact.type];

  it('matches the schema of the trail', () => {
    expect(auditionFactSchema.parse(fact)).toEqual(fact);
  });

  it.runIf(publication)('is published as documented, without free text and join links', () => {
    const published = publication?.publicFields.parse(fact) ?? {};
    expect(JSON.stringify(published)).not.toContain(secretText);
    const documented = documentedEvents.find(({ type }) => type === publication?.type);
    const data = {
      audition,
      organization: 'org_north',
      project: 'project-1',
      role: 'role-1',
      state: 'scheduled',
      sequence: 1,
      correlationId: 'c',
      ...published,
    };
    const body = { type: publication?.type, timestamp: at, data };
    // The schema strips undocumented fields, so all published fields must be documented.
    expect(documented?.schema.parse(body)).toEqual(body);
  });
});

it('gives each published fact its own public type', () => {
  expect(new Set(auditionEventTypes).size).toBe(auditionEventTypes.length);
  expect(publicEventTypeOf('slot_moved')).toBe('audition.rescheduled');
  expect(publicEventTypeOf('compensated')).toBeNull();
  expect(publicEventTypeOf('of_a_newer_version')).toBeUndefined();
});

it('converts a trail into webhooks with the state after each fact and the sequence of the trail', () => {
  const messages = toAuditionWebhooks(trail([facts.requested, facts.holding_started, facts.slot_held]));
  expect(messages.map(({ id, event }) => [id, event?.type, event?.data['state']])).toEqual([
    [`msg_${audition}_1`, 'audition.requested', 'requested'],
    [`msg_${audition}_2`, undefined, undefined],
    [`msg_${audition}_3`, 'audition.slot_held', 'scheduling'],
  ]);
  expect(messages[2]?.event).toEqual({
    type: 'audition.slot_held',
    timestamp: '2026-11-24T00:00:03.000Z',
    data: {
      audition,
      organization: 'org_north',
      project: 'project-1',
      role: 'role-1',
      state: 'scheduling',
      sequence: 3,
      correlationId: 'correlation-1',
      slot,
      revision: 1,
    },
  });
});

it('matches a subscription by event type, and only for events since the endpoint was created', () => {
  const message = { at, event: { type: 'audition.confirmed' } } as const;
  const subscription = { eventTypes: ['audition.confirmed'], createdAt: at } as const;
  expect(matchesSubscription(subscription, message)).toBe(true);
  expect(matchesSubscription({ ...subscription, eventTypes: [] }, message)).toBe(true);
  expect(matchesSubscription({ ...subscription, eventTypes: ['audition.failed'] }, message)).toBe(false);
  expect(matchesSubscription({ ...subscription, createdAt: '2027-03-01T09:00:00.001Z' }, message)).toBe(
    false,
  );
  expect(matchesSubscription(subscription, { at, event: undefined })).toBe(false);
});
