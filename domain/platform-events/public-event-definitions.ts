/**
 * Maps each fact of the trail to a public event: its type and its public fields. A fact without a row does not
 * compile. A fact whose row is null is internal and never sent.
 *
 * The types and shapes are a contract with receivers that we do not control: add, never rename or remove. Events
 * contain no personal data except ids, no join links and no free text. Receivers read the rest from the API.
 */
import { z } from 'zod';
import { attentionActions, attentionItemSchema } from '../audition/attention.ts';
import { deliveryStatuses } from '../audition/delivery-statuses.ts';
import {
  type AuditionFactType,
  answers,
  calendarChangeKinds,
  calendarChangeOutcomes,
  calendarRemovals,
  calendarTexts,
  decisions,
  noticeKinds,
  recordingConsents,
  recordingDeletions,
  sessionBlockChanges,
  takeoverCauses,
} from '../audition/events.ts';
import { settingNames } from '../audition/meeting-settings.ts';
import { participantKinds } from '../audition/request.ts';
import { roomAnswers } from '../audition/room-booking.ts';
import { auditionIdSchema, recordingIdSchema, sessionBlockIdSchema } from '../ids.ts';
import { missingReasons } from '../recordings/recording.ts';
import { instantSchema } from '../time/instant.ts';
import {
  at,
  attention,
  channel,
  meetingId,
  origin,
  type PublicEventDefinition,
  participant,
  provider,
  revision,
} from './public-fields.ts';

export const publicEventDefinitions = {
  requested: {
    type: 'audition.requested',
    summary: 'The audition was requested',
    publicFields: z.object({ previous: auditionIdSchema.optional().describe('The previous round') }),
  },
  /** Internal: followed by `slot_held` or `slot_refused`. */
  holding_started: null,
  slot_held: {
    type: 'audition.slot_held',
    summary: 'A slot is held for the audition',
    publicFields: z.object(at),
  },
  slot_refused: {
    type: 'audition.slot_refused',
    summary: 'No slot could be held; the audition is closed',
    publicFields: z.object({
      reason: z.string().describe('taken, busy, blackout, nothing_free or in_the_past'),
    }),
  },
  meeting_created: {
    type: 'audition.meeting_created',
    summary: 'The meeting was created; read the audition for its link',
    publicFields: z.object({
      meeting: z.object({ provider, id: meetingId }).describe('The meeting, without its links'),
    }),
  },
  meeting_settings_changed: {
    type: 'audition.meeting_settings_changed',
    summary: 'The meeting has other settings than before, because consents to its recording have changed',
    publicFields: z.object({
      meetingId,
      notHonored: z.array(z.enum(settingNames)).describe('The requested settings that the meeting lacks'),
    }),
  },
  meeting_access_changed: {
    type: 'audition.meeting_access_changed',
    summary: 'A person has changed the address of the meeting; the join links lead to the present one',
    publicFields: z.object({ meetingId }),
  },
  meeting_fell_back: {
    type: 'audition.meeting_fell_back',
    summary: 'A meeting provider failed; the next one, if any, is tried',
    publicFields: z.object({
      from: z.string().describe('The provider that cannot be used'),
      to: z.string().optional().describe('The next provider. Absent when there is none'),
    }),
  },
  meeting_lost: {
    type: 'audition.meeting_lost',
    summary:
      'The audition has left its video meeting, which was deleted or whose provider fails; another follows',
    publicFields: z.object({
      reason: z
        .string()
        .optional()
        .describe('Absent when the meeting was deleted; otherwise the kind of fault, or `requested`'),
    }),
  },
  backup_announced: {
    type: 'audition.backup_announced',
    summary: 'No provider can make a meeting; the participants are told how the audition takes place',
    publicFields: z.object({ revision }),
  },
  participant_joined: {
    type: 'audition.participant_joined',
    summary: 'The provider of the meeting reports that a participant has joined',
    publicFields: z.object({ participant, at: instantSchema.describe('When, in UTC') }),
  },
  participant_left: {
    type: 'audition.participant_left',
    summary: 'The provider of the meeting reports that a participant has left',
    publicFields: z.object({ participant, at: instantSchema.describe('When, in UTC') }),
  },
  calendar_event_written: {
    type: 'audition.calendar_event_written',
    summary: "The audition was written to a participant's calendar",
    publicFields: z.object({ participant, provider }),
  },
  calendar_changed: {
    type: 'audition.calendar_changed',
    summary: 'The event of the audition, or an event beside it, was changed in a calendar',
    publicFields: z.object({
      participant: participant
        .optional()
        .describe('Absent when the event books the room, or hosts the meeting, and is of no participant'),
      provider,
      change: z.enum(calendarChangeKinds).describe('What has happened to the event, or beside it'),
      start: instantSchema
        .optional()
        .describe('The new start of a moved event, or the start of the event that conflicts'),
      end: instantSchema.optional().describe('The end of that event'),
      outcome: z
        .enum(calendarChangeOutcomes)
        .optional()
        .describe(
          'Nothing is asked about such a change any more. `overwritten`: the audition has written its event over it before it knew of it. `superseded`: it was about an earlier slot, and was reported after the move. `kept`: the edited texts stay until ours are others. `disconnected`: the account was disconnected before the casting office answered',
        ),
      texts: z.array(z.enum(calendarTexts)).optional().describe('The edited texts, of `text_edited`'),
    }),
  },
  calendar_event_removed: {
    type: 'audition.calendar_event_removed',
    summary: 'An event of the audition was removed from a calendar, because it was a leftover or a duplicate',
    publicFields: z.object({
      provider,
      reason: z.enum(calendarRemovals).describe('Whether it was a leftover or a duplicate'),
    }),
  },
  room_booked: {
    type: 'audition.room_booked',
    summary: 'The room was requested in its calendar; `audition.room_answered` follows',
    publicFields: z.object({ provider }),
  },
  room_answered: {
    type: 'audition.room_answered',
    summary: 'The room has accepted or declined its booking',
    publicFields: z.object({ provider, answer: z.enum(roomAnswers).describe('The answer of the room') }),
  },
  session_block_changed: {
    type: 'audition.session_block_changed',
    summary: 'The session block of the audition was changed; whether its slot is still in a session',
    publicFields: z.object({
      block: sessionBlockIdSchema,
      version: z.int().describe('The version of the block'),
      change: z
        .enum(sessionBlockChanges)
        .describe('How the slot relates to the sessions. `inside`: a question is over'),
    }),
  },
  notified: {
    type: 'audition.notified',
    summary: 'A message was sent to a participant',
    publicFields: z.object({
      participant,
      channel,
      notice: z.enum(noticeKinds).describe('The kind of message'),
      revision,
    }),
  },
  scheduled: {
    type: 'audition.scheduled',
    summary: 'Slot, meeting and calendar events are arranged; the participants are being notified',
    publicFields: z.object({}),
  },
  responded: {
    type: 'audition.responded',
    summary: 'A participant has answered',
    publicFields: z.object({
      participant,
      answer: z.enum(answers).describe('The answer of the participant'),
      origin,
      finalAt: instantSchema.optional().describe('When the decline of a performer becomes final'),
    }),
  },
  /** Internal: it changes nothing. */
  answer_ignored: null,
  time_proposed: {
    type: 'audition.time_proposed',
    summary: 'A participant proposes another time; the casting office is asked',
    publicFields: z.object({
      participant,
      origin,
      start: instantSchema.optional().describe('The start of the proposed time. Absent: none was named'),
      end: instantSchema.optional().describe('The end of the proposed time'),
    }),
  },
  confirmed: {
    type: 'audition.confirmed',
    summary: 'All required participants have accepted',
    publicFields: z.object({}),
  },
  confirmation_lost: {
    type: 'audition.confirmation_lost',
    summary: 'A required participant no longer accepts',
    publicFields: z.object({}),
  },
  slot_moved: {
    type: 'audition.rescheduled',
    summary: 'The audition moved to another slot; earlier answers are reset',
    publicFields: z.object({ ...at, origin }),
  },
  move_reverted: {
    type: 'audition.reschedule_reverted',
    summary: 'A move was aborted; the audition is back in its old slot with its old answers',
    publicFields: z.object(at),
  },
  move_refused: {
    type: 'audition.reschedule_refused',
    summary: 'A move that was in progress failed',
    publicFields: z.object({ code: z.string().describe('The code of the fault') }),
  },
  budget_nearly_spent: {
    type: 'audition.budget_nearly_spent',
    summary:
      'The organization has used 80 % of the messages that it may send today; sent once for each day, channel and budget, with the audition whose notice it was',
    publicFields: z.object({
      channel,
      day: z.iso.date().describe('The day, in UTC'),
      used: z.int().describe('Segments of text messages, or emails'),
      budget: z.int().describe('In the same unit'),
    }),
  },
  delivery_reported: {
    type: 'audition.notice_reported',
    summary: 'A message to a participant was not delivered, or arrived after it was given up',
    publicFields: z.object({
      participant,
      channel,
      status: z.enum(deliveryStatuses).describe('The state of the delivery'),
      code: z.string().optional().describe("The carrier's error code"),
    }),
  },
  reminder_dropped: {
    type: 'audition.reminder_dropped',
    summary: 'A reminder was not sent, because its time had passed',
    publicFields: z.object({
      participants: z.array(participant).describe('The participants who got no reminder'),
      reason: z
        .enum(['superseded', 'overdue'])
        .describe('`superseded`: a later reminder was due as well. `overdue`: the session had begun'),
    }),
  },
  participant_added: {
    type: 'audition.participant_added',
    summary: 'A participant was added, or replaces one with the same id',
    publicFields: z.object({
      participant: z
        .object({
          id: participant,
          kind: z.enum(participantKinds).describe('The part of the person in the audition'),
          required: z.boolean().describe('Whether the audition needs this participant'),
        })
        .describe('The new member of the cast'),
    }),
  },
  participant_removed: {
    type: 'audition.participant_removed',
    summary: 'A participant no longer takes part',
    publicFields: z.object({ participant }),
  },
  checked_in: {
    type: 'audition.checked_in',
    summary: 'A participant has checked in',
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
  recording_consented: {
    type: 'audition.recording_consented',
    summary: 'A participant agrees to be recorded, or has withdrawn the consent',
    publicFields: z.object({
      participant,
      consent: z.enum(recordingConsents).describe('What the participant says about being recorded'),
      origin,
    }),
  },
  recording_stored: {
    type: 'audition.recording_stored',
    summary: 'All files of a recording are stored; read the recordings of the audition for them',
    publicFields: z.object({
      recording: recordingIdSchema,
      provider,
      files: z.int().describe('The number of stored files'),
      bytes: z.int().describe('The size of all stored files'),
    }),
  },
  recording_missing: {
    type: 'audition.recording_missing',
    summary: 'The provider has made no recording that can be stored; an operator is asked',
    publicFields: z.object({
      provider,
      reason: z.enum(missingReasons).describe('Why there is no recording'),
    }),
  },
  recording_deleted: {
    type: 'audition.recording_deleted',
    summary: 'The files of a recording were deleted',
    publicFields: z.object({
      recording: recordingIdSchema,
      reason: z.enum(recordingDeletions).describe('Whether its retention has ended, or a caller has asked'),
    }),
  },
  decided: {
    type: 'audition.decided',
    summary: 'The decision was made; the audition is closed',
    publicFields: z.object({
      decision: z.enum(decisions).describe('The decision of the casting office'),
      next: auditionIdSchema.optional().describe('The next round'),
    }),
  },
  reopened_for_decision: {
    type: 'audition.reopened_for_decision',
    summary: 'The outcome was withdrawn; the decision is open again',
    publicFields: z.object({ origin }),
  },
  reopened_for_session: {
    type: 'audition.reopened_for_session',
    summary: 'The closed audition is scheduled again',
    publicFields: z.object({ ...at, origin }),
  },
  taken_over: {
    type: 'audition.taken_over',
    summary: 'The workflow of the audition was reset or lost; an operator decides how it continues',
    publicFields: z.object({
      cause: z.enum(takeoverCauses).describe('What became of the earlier run of the workflow'),
    }),
  },
  step_skipped: {
    type: 'audition.step_skipped',
    summary: 'An operator skipped a step',
    publicFields: z.object({ step: attention.step }),
  },
  /** Internal: the result of one compensation. */
  compensated: null,
  attention_raised: {
    type: 'audition.attention_raised',
    summary: 'A step has failed and waits for an operator',
    publicFields: z.object({
      item: attentionItemSchema
        .pick({ id: true, step: true, code: true, provider: true, dueAt: true })
        .describe('The attention item'),
    }),
  },
  attention_overdue: {
    type: 'audition.attention_overdue',
    summary: 'No operator resolved the attention item in time',
    publicFields: z.object({ id: attention.id, dueAt: attention.dueAt }),
  },
  attention_resolved: {
    type: 'audition.attention_resolved',
    summary: 'The attention item was resolved, or withdrawn because it no longer applies',
    publicFields: z.object({
      id: attention.id,
      action: z
        .enum(attentionActions)
        .or(z.literal('withdrawn'))
        .describe('What was done. `withdrawn`: the item no longer applied'),
    }),
  },
  declined: {
    type: 'audition.declined',
    summary: 'The performer declined; the audition is closed',
    publicFields: z.object({ participant }),
  },
  no_show: {
    type: 'audition.no_show',
    summary: 'The performer did not appear; the audition is closed',
    publicFields: z.object({}),
  },
  cancelled: {
    type: 'audition.cancelled',
    summary: 'The audition was cancelled',
    publicFields: z.object({ origin }),
  },
  failed: {
    type: 'audition.failed',
    summary: 'The audition failed and is closed',
    publicFields: z.object({ code: z.string().describe('The code of the fault') }),
  },
} as const satisfies Readonly<Record<AuditionFactType, PublicEventDefinition | null>>;
