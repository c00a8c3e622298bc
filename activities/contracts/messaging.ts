/** Messaging. Queues `email` and `sms`. */
import type { NoticeKind } from '../../domain/audition/events.ts';
import type { MeetingBackup } from '../../domain/audition/meeting-backup.ts';
import type { NoticeChange } from '../../domain/audition/notice-change.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import type { Channel, Participant } from '../../domain/audition/request.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import type { MeetingProviderName } from '../../domain/providers/vendors.ts';
import type { UndoResult } from './calendars.ts';
import type { AuditionCall, FailedItem } from './calls.ts';

/**
 * The content of a notice. Names and addresses are encrypted in the payload, and the service stores them nowhere else.
 */
export interface NoticeFacts {
  readonly project: AuditionPlan['project'];
  readonly role: AuditionPlan['role'];
  readonly round: AuditionPlan['round'];
  readonly slot: Slot;
  readonly revision: number;
  readonly joinUrl?: string | undefined;
  /** Whether the notice states the recipient's own join link, in place of `joinUrl`. The activity finds it. */
  readonly joinLink?: true | undefined;
  readonly notes?: string | undefined;
  readonly reason?: string | undefined;
  /** What the notice tells, when the time is the same. */
  readonly changed?: NoticeChange | undefined;
  /** Set when `changed` is `meeting`, unless a person has created the meeting. */
  readonly meetingProvider?: MeetingProviderName | undefined;
  /** Set when `changed` is `backup`. */
  readonly backup?: MeetingBackup | undefined;
  /** Increases with each fact of the audition, and with each cancellation. Sent as iCalendar's SEQUENCE. */
  readonly sequence?: number | undefined;
}

export interface NoticeToSend {
  readonly key: string;
  readonly recipient: Participant;
  /** That of the participant in the view: the links of the notice are valid for this person only. */
  readonly generation?: number | undefined;
  readonly channel: Channel;
  /** That of the recipient's address (`notice-address.ts`). Absent in inputs of earlier versions. */
  readonly addressNumber?: number | undefined;
  /**
   * Set when the calendar entry of a recipient with a connected calendar is made by email: the event is not in that calendar.
   */
  readonly isEntryByEmail?: true | undefined;
  /** Set when the recipient has declined, and an email has removed the calendar entry: a notice does not make it again. */
  readonly isEntryDeclined?: true | undefined;
}

export interface SendNoticeInput extends AuditionCall, NoticeToSend {
  readonly notice: NoticeKind;
  readonly audition: NoticeFacts;
  /**
   * Whether an operator has decided to send the notice (again). Only then a notice is sent that an earlier attempt may
   * have sent. When absent, another activity execution than the one that has asked counts as the decision. A run that
   * takes over, and a move that is reverted, execute the activity again without a decision.
   */
  readonly isOperatorRetry?: boolean | undefined;
  /** The provider about which this notice has raised the attention item of a refused sender. */
  readonly alertsAbout?: string | undefined;
  /** The channel of the messages that a cancellation corrects. */
  readonly corrects?: Channel | undefined;
}

export interface SendNoticesInput extends AuditionCall {
  readonly notice: NoticeKind;
  readonly audition: NoticeFacts;
  readonly notices: readonly NoticeToSend[];
}

export interface SendNoticesResult {
  /** The activity has appended `notified` for each, under its key. */
  readonly sent: readonly { readonly key: string; readonly deliveryId: string }[];
  readonly failed: readonly FailedItem[];
}

export interface RetractNoticeInput extends AuditionCall {
  readonly key: string;
  /** The channel of the notices. */
  readonly channel: Channel;
  /** The fallback channel, when the cancellation cannot be sent on the channel of the notices. */
  readonly cancelOn?: Channel | undefined;
  readonly recipient: Participant;
  /** That of the participant whose notices are retracted. */
  readonly generation?: number | undefined;
  readonly audition: NoticeFacts;
  /** The provider about which this cancellation has raised the attention item of a refused sender. */
  readonly alertsAbout?: string | undefined;
  /** The keys of the notices to retract. When none of them was sent, no cancellation is sent. */
  readonly sentAs: readonly string[];
}

export interface MessagingActivities {
  sendNotice(input: SendNoticeInput): Promise<{ readonly deliveryId: string }>;
  /** Sends a notice to several recipients, each on its channel. At most `largestNoticeGroup` of them. */
  sendNotices(input: SendNoticesInput): Promise<SendNoticesResult>;
  /**
   * Sends a cancellation to a recipient who may have received one of the notices, since a sent message cannot be
   * recalled.
   */
  retractNotice(input: RetractNoticeInput): Promise<UndoResult>;
}

/**
 * The rate limit of a task queue counts activities, not the messages or events in them. Groups are therefore small. A
 * group of this size on each of the queue's slots stays below the rate of the channels' providers.
 */
export const largestNoticeGroup = 10;
/**
 * How many text messages a group of emails contains. The group is on the queue of the emails. With so few on each of its
 * slots, the text messages stay below their own rate.
 */
export const textMessagesPerEmailGroup = 2;
/** The largest number of connections whose calendars one activity writes to. Usually an audition has two. */
export const largestEventGroup = 5;
