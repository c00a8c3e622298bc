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
import { settingNames } from './meeting-settings.ts';
import { participantKinds } from './request.ts';
import { roomAnswers } from './room-booking.ts';
import { slotSchema } from './slot.ts';
import { blockerSchema } from './slot-conflict.ts';
import { auditionRounds } from './states.ts';

export const answers = ['accepted', 'declined', 'tentative'] as const;
export type Answer = (typeof answers)[number];

/** The source of an answer or an action. */
export const origins = ['api', 'link', 'sms', 'calendar', 'email', 'operator', 'system'] as const;
export type Origin = (typeof origins)[number];

export const noticeKinds = ['invitation', 'update', 'reminder', 'cancellation'] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** `deferred`: a mail server refused the message for the moment; it is tried again there. */
export const deliveryStatuses = ['queued', 'sent', 'deferred', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

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

export const meetingSchema = z.object({
  provider: z.enum(meetingProviders).or(z.literal('manual')),
  /** The provider's id of the meeting. */
  id: z.string(),
  joinUrl: z.string(),
  dialIn: z
    .string()
    .optional()
    .describe('A telephone number of the meeting, with the code to enter after it'),
  notHonored: z
    .array(z.enum(settingNames))
    .optional()
    .describe(
      'The requested settings that the meeting does not have. `duration`: the plan of the host ends the meeting before the slot ends',
    ),
  room: z
    .literal('session')
    .optional()
    .describe('All auditions of the casting session share the meeting. Absent: it is of this audition alone'),
});
export type Meeting = z.infer<typeof meetingSchema>;

/** When join links work, in milliseconds before the start and after the end of the slot. */
export const joinWindowSchema = z.object({
  opensBefore: z.number().describe('Milliseconds before the start of the slot from which join links work'),
  closesAfter: z.number().describe('Milliseconds after the end of the slot until which join links work'),
  crewOpensBefore: z
    .number()
    .optional()
    .describe('Like `opensBefore`, for casting directors and readers. Absent: like all others'),
  admission: z
    .literal('in_turn')
    .optional()
    .describe(
      'Performers wait until the casting office admits them. Absent: everyone can join in the window',
    ),
});
export type JoinWindow = z.infer<typeof joinWindowSchema>;

/** What the trail says about a participant. It has no names and no addresses. */
const castMemberSchema = z.object({
  id: participantIdSchema,
  kind: z.enum(participantKinds),
  zone: z.string(),
  required: z.boolean(),
});
export type CastMember = z.infer<typeof castMemberSchema>;

/** What became of a change that nothing was asked about. */
export const calendarChangeOutcomes = ['overwritten', 'superseded'] as const;

/** What happened to an event of ours, or beside it, in a calendar. `put_back`: the event is as this service wrote it. */
export const calendarChangeKinds = [
  'moved',
  'deleted',
  'put_back',
  'lost',
  'conflict',
  'conflict_over',
] as const;

/** How the slot relates to the sessions of its block after the block was changed. `inside`: a question is over. */
export const sessionBlockChanges = ['no_session', 'other_room', 'inside'] as const;

/** Why a new run has taken over an audition. `vanished`: Temporal does not know its workflow. */
export const takeoverCauses = ['reset', 'terminated', 'vanished'] as const;
export type TakeoverCause = (typeof takeoverCauses)[number];

const fact = <Type extends string, Shape extends z.ZodRawShape>(type: Type, shape: Shape) =>
  z.object({ type: z.literal(type), ...shape });

export const auditionFactSchema = z.discriminatedUnion('type', [
  fact('requested', {
    auditionId: auditionIdSchema,
    organization: organizationIdSchema,
    project: projectIdSchema,
    role: roleIdSchema,
    round: z.enum(auditionRounds),
    participants: z.array(castMemberSchema),
    /** The previous round, when a callback started this audition. */
    previous: auditionIdSchema.optional(),
    /** Absent when participants get the link of the meeting itself. */
    joinLinks: joinWindowSchema.optional(),
    /** Absent when the session is not to be recorded. */
    recording: z.enum(recordingStarts).optional(),
  }),
  fact('holding_started', {}),
  /** `until` is absent since a hold lasts until it is released. */
  fact('slot_held', {
    slot: slotSchema,
    revision: z.int(),
    until: instantSchema.optional(),
    /** The conflicts in spite of which the slot was booked. */
    overridden: z.array(blockerSchema).optional(),
  }),
  fact('slot_refused', {
    reason: z.enum(['taken', 'busy', 'blackout', 'nothing_free', 'in_the_past']),
    blockers: z.array(blockerSchema).optional(),
  }),
  fact('meeting_created', { meeting: meetingSchema }),
  /** The meeting has other settings than before: `notHonored` replaces that of the meeting. */
  fact('meeting_settings_changed', { meetingId: z.string(), notHonored: z.array(z.enum(settingNames)) }),
  fact('meeting_fell_back', {
    from: z.enum(meetingProviders),
    to: z.enum(meetingProviders).optional(),
    reason: z.string(),
  }),
  /**
   * The audition has left the meeting. Without a reason, its provider no longer has it. Otherwise the reason is the kind of
   * fault of a provider that cannot be used, or `requested`.
   */
  fact('meeting_lost', { meeting: meetingSchema, reason: z.string().optional() }),
  /** No provider can make a meeting: the participants are notified how the audition takes place without one. */
  fact('backup_announced', { revision: z.int() }),
  /** The provider of the meeting, or a person's join link, shows that a participant is present. */
  fact('participant_joined', { participant: participantIdSchema, at: instantSchema }),
  fact('participant_left', { participant: participantIdSchema, at: instantSchema }),
  /** Names the owner, not the calendar: a calendar's id at Google is its owner's email address. */
  fact('calendar_event_written', {
    participant: participantIdSchema,
    provider: z.enum(writableCalendarProviders),
    connection: connectionIdSchema,
    eventId: z.string(),
  }),
  /** A person has changed the event of the audition in a calendar, or has booked its time there. */
  fact('calendar_changed', {
    /** Absent: the event books the room or hosts the meeting, and is of no participant. */
    participant: participantIdSchema.optional(),
    provider: z.enum(synchronizedCalendarProviders),
    connection: connectionIdSchema,
    change: z.enum(calendarChangeKinds),
    /** The new times of a moved event, or the times of the event that conflicts. */
    start: instantSchema.optional(),
    end: instantSchema.optional(),
    /**
     * Absent: the casting office was asked, or the audition followed. `overwritten`: the audition has written its event over
     * the change before it knew of it. `superseded`: the change was about an earlier slot, and was reported after the move.
     */
    outcome: z.enum(calendarChangeOutcomes).optional(),
  }),
  /** The room was requested at its provider. */
  fact('room_booked', {
    provider: z.enum(roomProviders),
    connection: connectionIdSchema,
    eventId: z.string(),
  }),
  fact('room_answered', {
    provider: z.enum(roomProviders),
    connection: connectionIdSchema,
    answer: z.enum(roomAnswers),
  }),
  /** The session block that the slot was chosen from was changed, and the slot lies outside of its sessions now. */
  fact('session_block_changed', {
    block: sessionBlockIdSchema,
    version: z.int(),
    change: z.enum(sessionBlockChanges),
  }),
  fact('notified', {
    participant: participantIdSchema,
    channel: z.enum(channels),
    notice: z.enum(noticeKinds),
    revision: z.int(),
    deliveryId: z.string(),
  }),
  fact('scheduled', {}),
  fact('responded', {
    participant: participantIdSchema,
    answer: z.enum(answers),
    origin: z.enum(origins),
    /** When a performer's decline becomes final. Until then the performer can change the answer. */
    finalAt: instantSchema.optional(),
  }),
  /** An answer from a calendar or an email that changed nothing. `reason` is the code of a refused answer. */
  fact('answer_ignored', {
    participant: participantIdSchema,
    answer: z.enum(answers),
    origin: z.enum(origins),
    /** The revision of the slot that was answered. */
    revision: z.int(),
    reason: z.string(),
  }),
  /** A participant proposes another time. Without times, the proposal does not state when. */
  fact('time_proposed', {
    participant: participantIdSchema,
    origin: z.enum(origins),
    start: instantSchema.optional(),
    end: instantSchema.optional(),
  }),
  fact('confirmed', {}),
  fact('confirmation_lost', {}),
  fact('slot_moved', {
    slot: slotSchema,
    revision: z.int(),
    until: instantSchema.optional(),
    origin: z.enum(origins),
    reason: z.string().optional(),
    overridden: z.array(blockerSchema).optional(),
  }),
  fact('move_reverted', {
    slot: slotSchema,
    revision: z.int(),
    until: instantSchema.optional(),
    reason: z.string(),
    /** Earlier revisions of the old slot. Participants get no message about the reversal, so their links stay valid. */
    announcedAs: z.array(z.int()),
    /** The answers from before the move. */
    answers: z.array(
      z.object({
        participant: participantIdSchema,
        answer: z.enum(answers),
        /** When a performer's decline becomes final. */
        finalAt: instantSchema.optional(),
      }),
    ),
    /** The conflicts of the old slot that were overridden. */
    overridden: z.array(blockerSchema).optional(),
    /** Who had checked in before the move. */
    checkedIn: z.array(participantIdSchema).optional(),
  }),
  /** A move failed after its caller had already got the answer that it was in progress. */
  fact('move_refused', { code: z.string(), reason: z.string() }),
  fact('delivery_reported', {
    participant: participantIdSchema,
    channel: z.enum(channels),
    deliveryId: z.string(),
    status: z.enum(deliveryStatuses),
    code: z.string().optional(),
  }),
  /** A reminder that was not sent, because its time had passed. */
  fact('reminder_dropped', {
    offsetMs: z.int(),
    participants: z.array(participantIdSchema),
    /** `superseded`: a later reminder was due as well. `overdue`: the session had begun. */
    reason: z.enum(['superseded', 'overdue']),
  }),
  fact('participant_added', {
    participant: castMemberSchema,
    /** Set when the participant took part before, with other details. The answer stays. */
    isSamePerson: z.boolean().optional(),
    /**
     * Distinguishes this person from others who took part under the same id: links of an earlier one are invalid. The number
     * of the claim that holds the slot for the changed cast. Absent for the same person, and in facts of earlier versions.
     */
    generation: z.int().optional(),
    /** The conflicts in spite of which the slot is held for the changed cast. In the first fact of the change. */
    overridden: z.array(blockerSchema).optional(),
  }),
  fact('participant_removed', {
    participant: participantIdSchema,
    overridden: z.array(blockerSchema).optional(),
  }),
  /** Without an origin, the casting office or the platform has reported it. */
  fact('checked_in', { participant: participantIdSchema, origin: z.enum(origins).optional() }),
  fact('session_started', { origin: z.enum(origins) }),
  fact('session_ended', { origin: z.enum(origins) }),
  /** A participant agrees to be recorded, or does not. Recorded by the API, not by the workflow. */
  fact('recording_consented', {
    participant: participantIdSchema,
    consent: z.enum(recordingConsents),
    origin: z.enum(origins),
    /** The revision of the slot whose link the participant has used. */
    revision: z.int().optional(),
    /** That of the participant: a consent holds for this person only. */
    generation: z.int().optional(),
  }),
  /** All files of a recording are in the storage. Recorded by the workflow of the recording. */
  fact('recording_stored', {
    recording: recordingIdSchema,
    provider: z.enum(recordedMeetings),
    files: z.int(),
    bytes: z.int(),
  }),
  /** The provider has made no recording, or none that can be stored. */
  fact('recording_missing', {
    provider: z.enum(recordedMeetings),
    meetingId: z.string(),
    reason: z.enum(missingReasons),
  }),
  fact('recording_deleted', { recording: recordingIdSchema, reason: z.enum(recordingDeletions) }),
  fact('decided', {
    decision: z.enum(decisions),
    next: auditionIdSchema.optional(),
  }),
  /** The casting office corrects a closed outcome: the session took place, and the decision is open again. */
  fact('reopened_for_decision', { origin: z.enum(origins), reason: z.string().optional() }),
  /** The casting office revives a closed audition: it is scheduled again, in its last slot or in another one. */
  fact('reopened_for_session', {
    origin: z.enum(origins),
    reason: z.string().optional(),
    slot: slotSchema,
    revision: z.int(),
  }),
  /** A new run of the workflow has taken over an audition whose earlier run was reset, terminated or lost. */
  fact('taken_over', { cause: z.enum(takeoverCauses) }),
  fact('step_skipped', { step: attentionItemSchema.shape.step, detail: z.string() }),
  fact('compensated', {
    step: z.string(),
    result: z.enum(['undone', 'nothing_to_undo', 'skipped']),
    /** What stays after an operator skipped the compensation: the keys of effects in the ledger, or `holds`. */
    kept: z.array(z.string()).optional(),
  }),
  fact('attention_raised', { item: attentionItemSchema }),
  fact('attention_overdue', { id: attentionItemSchema.shape.id, dueAt: instantSchema }),
  fact('attention_resolved', {
    id: attentionItemSchema.shape.id,
    action: z.enum(attentionActions).or(z.literal('withdrawn')),
    by: z.string(),
    note: z.string().optional(),
  }),
  fact('declined', { participant: participantIdSchema }),
  fact('no_show', {}),
  fact('cancelled', { origin: z.enum(origins), reason: z.string().optional() }),
  fact('failed', { code: z.string(), reason: z.string() }),
]);
export type AuditionFact = z.infer<typeof auditionFactSchema>;
export type AuditionFactType = AuditionFact['type'];
/** Why no slot could be held. */
export type SlotRefusalReason = Extract<AuditionFact, { type: 'slot_refused' }>['reason'];

/** A fact with its position in the trail. `sequence` starts at 1 and has no gaps. */
export const auditionEventSchema = z.object({
  sequence: z.int().min(1),
  at: instantSchema,
  correlationId: z.string(),
  fact: auditionFactSchema,
});
export type AuditionEvent = z.infer<typeof auditionEventSchema>;

/**
 * A fact on its way to the trail. The trail assigns its sequence when the fact is appended, and appends it once.
 * `number` counts the facts that the workflow records, across continue-as-new, so that a run whose trail already
 * contains the facts of another run is detected. `key` is the idempotency key of the effect that the fact reports:
 * the activity that had the effect and the workflow can both append it.
 */
export type TrailFact = {
  readonly at: AuditionEvent['at'];
  readonly correlationId: string;
  readonly fact: AuditionFact;
} & ({ readonly number: number } | { readonly key: string });

/** The position of a run in the trail of its audition. Every activity of an audition gets it. */
export interface TrailPosition {
  /** Facts that are not in the trail yet. The activity appends them before it does anything else. */
  readonly facts: readonly TrailFact[];
  /** The number of the run's last numbered fact, `facts` included. */
  readonly number: number;
}
