/**
 * The facts of an audition, in the order they happened. They are the audit trail, and the source of both the read model
 * and the workflow's state. The same fold (`view.ts`) computes both.
 *
 * Events contain ids and facts, never a person's name or address: the trail is kept forever, but personal data must be
 * erasable. The shapes must stay compatible with stored trails: add optional fields, never rename or retype.
 */
import { z } from 'zod';
import {
  auditionIdSchema,
  connectionIdSchema,
  organizationIdSchema,
  participantIdSchema,
  projectIdSchema,
  recordingIdSchema,
  roleIdSchema,
  sessionBlockIdSchema,
} from '../ids.ts';
import {
  channels,
  meetingProviders,
  recordedMeetings,
  roomProviders,
  synchronizedCalendarProviders,
  writableCalendarProviders,
} from '../providers/vendors.ts';
import { missingReasons } from '../recordings/recording.ts';
import { instantSchema } from '../time/instant.ts';
import { attentionActions, attentionItemSchema } from './attention.ts';
import { deliveryStatuses } from './delivery-statuses.ts';
import {
  castMemberSchema,
  changedSlot,
  channel,
  deliveryId,
  eventId,
  heldUntil,
  meetingId,
  overridden,
  principal,
  reason,
  revision,
  skippedEventSchema,
} from './fact-fields.ts';
import { joinWindowSchema, meetingSchema } from './meeting.ts';
import { settingNames } from './meeting-settings.ts';
import { noticeChanges } from './notice-change.ts';
import { roomAnswers } from './room-booking.ts';
import { blockerSchema } from './slot-conflict.ts';
import { auditionRounds } from './states.ts';

export const answers = ['accepted', 'declined', 'tentative'] as const;
export type Answer = (typeof answers)[number];
const answerSchema = z.enum(answers).describe('The answer of the participant');

/** The source of an answer or an action. */
export const origins = ['api', 'link', 'sms', 'calendar', 'email', 'operator', 'system'] as const;
export type Origin = (typeof origins)[number];
const originSchema = z
  .enum(origins)
  .describe('How it came: `link` is that of an invitation, `system` this service');

export const noticeKinds = ['invitation', 'update', 'reminder', 'cancellation'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** `withdrawn` replaces an earlier consent. What was recorded before stays. `refused`: there was none. */
export const recordingConsents = ['given', 'withdrawn', 'refused'] as const;
export type RecordingConsent = (typeof recordingConsents)[number];

/** Who starts the recording of a session: the host, or the meeting itself when everyone has consented. */
export const recordingStarts = ['by_host', 'automatic'] as const;
export type RecordingStart = (typeof recordingStarts)[number];

/** Why a stored recording was deleted: its retention has ended, or a caller has asked for it. */
export const recordingDeletions = ['retention', 'request'] as const;
export type RecordingDeletion = (typeof recordingDeletions)[number];

/** The decision after a session. */
export const decisions = ['callback', 'booked', 'released'] as const;
export type Decision = (typeof decisions)[number];

/** What the trail says about a participant. It has no names and no addresses. */
export type CastMember = z.infer<typeof castMemberSchema>;

/** What became of a change that nothing was asked about, or whose question has no answer. */
export const calendarChangeOutcomes = ['overwritten', 'superseded', 'kept', 'disconnected'] as const;

/** The texts of an event that a person edits. Not each calendar returns each of them as it was written. */
export const calendarTexts = ['title', 'place', 'description'] as const;
export type CalendarText = (typeof calendarTexts)[number];

/** Why the reconciliation has removed an event: no step accounts for it, or the calendar has another event of the audition. */
export const calendarRemovals = ['orphaned', 'duplicated'] as const;
export type CalendarRemoval = (typeof calendarRemovals)[number];

/**
 * What happened to an event of ours, or beside it, in a calendar. `put_back`: the event is as this service wrote it.
 * `text_edited`: a person has edited texts of the event.
 */
export const calendarChangeKinds = [
  'moved',
  'deleted',
  'put_back',
  'lost',
  'conflict',
  'conflict_over',
  'text_edited',
] as const;

/** How the slot relates to the sessions of its block after the block was changed. `inside`: a question is over. */
export const sessionBlockChanges = ['no_session', 'other_room', 'inside'] as const;

/** Why a new run has taken over an audition. `vanished`: Temporal does not know its workflow. */
export const takeoverCauses = ['reset', 'terminated', 'vanished'] as const;
export type TakeoverCause = (typeof takeoverCauses)[number];

const fact = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type).describe('What happened'), ...shape });

export const auditionFactSchema = z.discriminatedUnion('type', [
  fact('requested', {
    auditionId: auditionIdSchema,
    organization: organizationIdSchema,
    project: projectIdSchema,
    role: roleIdSchema,
    round: z.enum(auditionRounds).describe('The round of the audition for the role'),
    participants: z.array(castMemberSchema).describe('The cast at the request'),
    previous: auditionIdSchema
      .optional()
      .describe('The audition of the previous round, when a callback started this one'),
    joinLinks: joinWindowSchema
      .optional()
      .describe('When join links work. Absent when participants get the link of the meeting itself'),
    recording: z
      .enum(recordingStarts)
      .optional()
      .describe('Who starts the recording. Absent when the session is not to be recorded'),
  }),
  fact('holding_started', {}),
  /** `until` is absent since a hold lasts until it is released. */
  fact('slot_held', {
    slot: changedSlot,
    revision,
    until: heldUntil,
    /** The conflicts in spite of which the slot was booked. */
    overridden,
  }),
  fact('slot_refused', {
    reason: z
      .enum(['taken', 'busy', 'blackout', 'nothing_free', 'in_the_past'])
      .describe('Why: another audition, a calendar, a blackout, a window without a free slot, or the clock'),
    blockers: z.array(blockerSchema).optional().describe('What was in the way'),
  }),
  fact('meeting_created', { meeting: meetingSchema.describe('The meeting') }),
  /** The meeting has other settings than before: `notHonored` replaces that of the meeting. */
  fact('meeting_settings_changed', {
    meetingId,
    notHonored: z.array(z.enum(settingNames)).describe('The requested settings that the meeting lacks'),
  }),
  /** A person has changed at the provider how people get into the meeting, such as its passcode. */
  fact('meeting_access_changed', {
    meetingId,
    access: meetingSchema
      .pick({ joinUrl: true, dialIn: true })
      .describe('How people get into the meeting now'),
  }),
  fact('meeting_fell_back', {
    from: z.enum(meetingProviders).describe('The provider that cannot be used'),
    to: z.enum(meetingProviders).optional().describe('The next provider. Absent when there is none'),
    reason,
  }),
  /**
   * The audition has left the meeting. Without a reason, its provider no longer has it. Otherwise the reason is the kind of
   * fault of a provider that cannot be used, or `requested`.
   */
  fact('meeting_lost', {
    meeting: meetingSchema.describe('The meeting that the audition has left'),
    reason: reason.optional(),
  }),
  /** No provider can make a meeting: the participants are notified how the audition takes place without one. */
  fact('backup_announced', { revision }),
  /** The provider of the meeting, or a person's join link, shows that a participant is present. */
  fact('participant_joined', { participant: participantIdSchema, at: instantSchema.describe('When') }),
  fact('participant_left', { participant: participantIdSchema, at: instantSchema.describe('When') }),
  /** Names the owner, not the calendar: a calendar's id at Google is its owner's email address. */
  fact('calendar_event_written', {
    participant: participantIdSchema,
    provider: z.enum(writableCalendarProviders).describe('The provider of the calendar'),
    connection: connectionIdSchema,
    eventId,
    sharedBy: z
      .array(participantIdSchema)
      .optional()
      .describe(
        'The other owners of the calendar. Absent when no other participant has a calendar of the connection, and in facts of earlier versions',
      ),
  }),
  /** A person has changed the event of the audition in a calendar, or has booked its time there. */
  fact('calendar_changed', {
    /** Absent: the event books the room or hosts the meeting, and is of no participant. */
    participant: participantIdSchema.optional(),
    provider: z.enum(synchronizedCalendarProviders).describe('The provider of the calendar'),
    connection: connectionIdSchema,
    change: z.enum(calendarChangeKinds).describe('What has happened to the event, or beside it'),
    start: instantSchema
      .optional()
      .describe('The new start of a moved event, or the start of the event that conflicts'),
    end: instantSchema.optional().describe('The end of that event'),
    /**
     * Absent: the casting office was asked, or the audition followed. `overwritten`: the audition has written its event over
     * the change before it knew of it. `superseded`: the change was about an earlier slot, and was reported after the move.
     * `kept`: the edited texts stay until ours are others.
     * `disconnected`: the casting office was asked, and the account was disconnected before it answered. The audition stays as it is.
     */
    outcome: z
      .enum(calendarChangeOutcomes)
      .optional()
      .describe('What became of the change. Absent when it was asked about, or followed'),
    /** The edited texts, of `text_edited`. Their contents are the person's, and are not recorded. */
    texts: z.array(z.enum(calendarTexts)).optional().describe('Which texts a person has edited'),
  }),
  /**
   * The reconciliation has removed an event that carries the mark of the audition. Recorded by the synchronisation. The trail outlives
   * the erasure of a person, so it names the connection, and not the calendar: its stored name is a hash of an address.
   */
  fact('calendar_event_removed', {
    provider: z.enum(writableCalendarProviders).describe('The provider of the calendar'),
    connection: connectionIdSchema,
    eventId,
    reason: z.enum(calendarRemovals).describe('Whether it was a leftover or a duplicate'),
  }),
  /** The room was requested at its provider. */
  fact('room_booked', {
    provider: z.enum(roomProviders).describe('The provider of the calendar of the room'),
    connection: connectionIdSchema,
    eventId,
  }),
  fact('room_answered', {
    provider: z.enum(roomProviders).describe('The provider of the calendar of the room'),
    connection: connectionIdSchema,
    answer: z.enum(roomAnswers).describe('The answer of the room'),
  }),
  /** The session block that the slot was chosen from was changed, and the slot lies outside of its sessions now. */
  fact('session_block_changed', {
    block: sessionBlockIdSchema,
    version: z.int().describe('The version of the block'),
    change: z
      .enum(sessionBlockChanges)
      .describe('How the slot relates to the sessions of the block. `inside`: a question is over'),
  }),
  fact('notified', {
    participant: participantIdSchema,
    channel,
    notice: z.enum(noticeKinds).describe('The kind of message'),
    revision,
    deliveryId,
    /** Absent when the time is another one, and, except for `calendar`, in facts of earlier versions. */
    changed: z
      .enum(noticeChanges)
      .optional()
      .describe('What the message tells. Absent when the time is another one'),
    /** The number of the recipient's address (`notice-address.ts`). Absent in facts of earlier versions. */
    addressNumber: z
      .int()
      .optional()
      .describe('Distinguishes the address from earlier ones of the participant on the channel'),
  }),
  fact('scheduled', {}),
  fact('responded', {
    participant: participantIdSchema,
    answer: answerSchema,
    origin: originSchema,
    finalAt: instantSchema
      .optional()
      .describe("When a performer's decline becomes final. Until then the performer can change the answer"),
    entryDue: z
      .string()
      .optional()
      .describe(
        'Set when the participant does not decline any more: the label of the email that makes the calendar entry again',
      ),
  }),
  /** An answer from a calendar or an email that changed nothing. `reason` is the code of a refused answer. */
  fact('answer_ignored', {
    participant: participantIdSchema,
    answer: answerSchema,
    origin: originSchema,
    /** The revision of the slot that was answered. */
    revision,
    reason,
  }),
  /** A participant proposes another time. Without times, the proposal does not state when. */
  fact('time_proposed', {
    participant: participantIdSchema,
    origin: originSchema,
    start: instantSchema.optional().describe('The start of the proposed time'),
    end: instantSchema.optional().describe('The end of the proposed time'),
  }),
  fact('confirmed', {}),
  fact('confirmation_lost', {}),
  fact('slot_moved', {
    slot: changedSlot,
    revision,
    until: heldUntil,
    origin: originSchema,
    reason: reason.optional(),
    overridden,
  }),
  fact('move_reverted', {
    slot: changedSlot,
    revision,
    until: heldUntil,
    reason,
    /** Earlier revisions of the old slot. Participants get no message about the reversal, so their links stay valid. */
    announcedAs: z.array(z.int()).describe('Earlier revisions of the old slot, whose links stay valid'),
    answers: z
      .array(
        z.object({
          participant: participantIdSchema,
          answer: answerSchema,
          finalAt: instantSchema.optional().describe("When a performer's decline becomes final"),
          answeredAt: instantSchema
            .optional()
            .describe('When the answer was given. Absent in facts of earlier versions'),
          entryDeclined: z
            .literal(true)
            .optional()
            .describe('Set when the participant has declined in a calendar program'),
        }),
      )
      .describe('The answers from before the move'),
    overridden,
    checkedIn: z.array(participantIdSchema).optional().describe('Who had checked in before the move'),
  }),
  /** A move failed after its caller had already got the answer that it was in progress. */
  fact('move_refused', { code: z.string().describe('The code of the fault'), reason }),
  fact('delivery_reported', {
    participant: participantIdSchema,
    channel,
    deliveryId,
    status: z.enum(deliveryStatuses).describe('The state of the delivery'),
    code: z.string().optional().describe('The error code of the mail server or the provider'),
  }),
  /**
   * With the notice of this audition, the organization has used most of what it may send in a day. Recorded once for each
   * day, channel and budget. `used` and `budget` are segments of text messages, or emails.
   */
  fact('budget_nearly_spent', {
    channel,
    day: z.iso.date().describe('The day of the budget, in UTC'),
    used: z.int().describe('What the organization has used of it: segments of text messages, or emails'),
    budget: z.int().describe('What it may use in a day, in the same unit'),
  }),
  /** A reminder that was not sent, because its time had passed. */
  fact('reminder_dropped', {
    offsetMs: z.int().describe('How long before the start it was due, in milliseconds'),
    participants: z.array(participantIdSchema).describe('The participants who got no reminder'),
    reason: z
      .enum(['superseded', 'overdue'])
      .describe('`superseded`: a later reminder was due as well. `overdue`: the session had begun'),
  }),
  fact('participant_added', {
    participant: castMemberSchema.describe('The new member of the cast'),
    /** Set when the participant took part before, with other details. The answer stays. */
    isSamePerson: z
      .boolean()
      .optional()
      .describe('Whether the participant took part before, with other details. The answer stays'),
    /**
     * Distinguishes this person from others who took part under the same id: links of an earlier one are invalid. The number
     * of the claim that holds the slot for the changed cast. Absent for the same person, and in facts of earlier versions.
     */
    generation: z
      .int()
      .optional()
      .describe('Distinguishes this person from others who took part under the same id'),
    /**
     * Set when the calendar entry of the participant moves to a connected calendar: the label of the notice about it. The fact
     * `notified` with `changed` follows it. In facts of earlier versions, also set when it moves back.
     */
    entryNotice: z
      .string()
      .optional()
      .describe(
        'Set when the calendar entry moves to a connected calendar: the label of the notice about it',
      ),
    /**
     * The channels on which the same person is not reached at the address of before, and the number of the claim for the changed
     * cast, which is that of the new addresses.
     */
    readdressed: z
      .object({
        channels: z.array(z.enum(channels)).describe('The channels with a new address'),
        number: z.int().describe('The number of the new addresses'),
      })
      .optional()
      .describe('The new addresses of the same person'),
    /** Set when the calendar entry moves from a connected calendar to the emails: the label of the email that makes it. */
    entryDue: z
      .string()
      .optional()
      .describe('Set when the calendar entry moves to the emails: the label of the email that makes it'),
    /** The conflicts in spite of which the slot is held for the changed cast. In the first fact of the change. */
    overridden,
  }),
  fact('participant_removed', {
    participant: participantIdSchema,
    overridden,
  }),
  /** Without an origin, the casting office or the platform has reported it. */
  fact('checked_in', { participant: participantIdSchema, origin: originSchema.optional() }),
  fact('session_started', { origin: originSchema }),
  fact('session_ended', { origin: originSchema }),
  /** A participant agrees to be recorded, or does not. Recorded by the API, not by the workflow. */
  fact('recording_consented', {
    participant: participantIdSchema,
    consent: z.enum(recordingConsents).describe('What the participant says about being recorded'),
    origin: originSchema,
    /** The revision of the slot whose link the participant has used. */
    revision: revision.optional(),
    /** That of the participant: a consent holds for this person only. */
    generation: z
      .int()
      .optional()
      .describe('Distinguishes this person from others who took part under the same id'),
  }),
  /** All files of a recording are in the storage. Recorded by the workflow of the recording. */
  fact('recording_stored', {
    recording: recordingIdSchema,
    provider: z.enum(recordedMeetings).describe('The provider of the meeting'),
    files: z.int().describe('The number of files'),
    bytes: z.int().describe('The size of all files, in bytes'),
  }),
  /** The provider has made no recording, or none that can be stored. */
  fact('recording_missing', {
    provider: z.enum(recordedMeetings).describe('The provider of the meeting'),
    meetingId,
    reason: z.enum(missingReasons).describe('Why there is no recording'),
  }),
  fact('recording_deleted', {
    recording: recordingIdSchema,
    reason: z.enum(recordingDeletions).describe('Whether its retention has ended, or a caller has asked'),
  }),
  fact('decided', {
    decision: z.enum(decisions).describe('The decision of the casting office'),
    next: auditionIdSchema.optional().describe('The audition of the next round, after a callback'),
  }),
  /** The casting office corrects a closed outcome: the session took place, and the decision is open again. */
  fact('reopened_for_decision', { origin: originSchema, reason: reason.optional() }),
  /** The casting office revives a closed audition: it is scheduled again, in its last slot or in another one. */
  fact('reopened_for_session', {
    origin: originSchema,
    reason: reason.optional(),
    slot: changedSlot,
    revision,
  }),
  /** A new run of the workflow has taken over an audition whose earlier run was reset, terminated or lost. */
  fact('taken_over', {
    cause: z.enum(takeoverCauses).describe('What became of the earlier run of the workflow'),
  }),
  fact('step_skipped', {
    step: attentionItemSchema.shape.step,
    detail: z.string().describe('What was skipped, in plain words'),
    event: skippedEventSchema.optional().describe('The event that was not written. Absent for other steps'),
  }),
  fact('compensated', {
    step: z.string().describe('The step whose effect was undone'),
    result: z.enum(['undone', 'nothing_to_undo', 'skipped']).describe('What became of it'),
    /** What stays after an operator skipped the compensation: the keys of effects in the ledger, or `holds`. */
    kept: z.array(z.string()).optional().describe('What stays after an operator skipped the compensation'),
  }),
  fact('attention_raised', { item: attentionItemSchema.describe('The attention item') }),
  fact('attention_overdue', {
    id: attentionItemSchema.shape.id,
    dueAt: instantSchema.describe('When it became overdue'),
  }),
  fact('attention_resolved', {
    id: attentionItemSchema.shape.id,
    action: z
      .enum(attentionActions)
      .or(z.literal('withdrawn'))
      .describe('What was done. `withdrawn`: the item no longer applied'),
    by: z.string().describe('Who did it: the label of a key, the subject of a token, or `system`'),
    note: z.string().optional().describe('Why it was decided so'),
  }),
  fact('declined', { participant: participantIdSchema }),
  fact('no_show', {}),
  fact('cancelled', { origin: originSchema, reason: reason.optional() }),
  fact('failed', { code: z.string().describe('The code of the fault'), reason }),
]);
export type AuditionFact = z.infer<typeof auditionFactSchema>;
export type AuditionFactType = AuditionFact['type'];
/** Why no slot could be held. */
export type SlotRefusalReason = Extract<AuditionFact, { type: 'slot_refused' }>['reason'];

/** A fact with its position in the trail. `sequence` starts at 1 and has no gaps. */
export const auditionEventSchema = z.object({
  sequence: z.int().min(1).describe('The position in the trail: 1 for the first event, without gaps'),
  at: instantSchema.describe('When it happened, in UTC'),
  correlationId: z.string().describe('The correlation id of the request or the webhook that led to it'),
  principal: principal.optional(),
  fact: auditionFactSchema.describe('What happened'),
});
export type AuditionEvent = z.infer<typeof auditionEventSchema>;
