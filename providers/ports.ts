/**
 * The ports that providers fill. Nobody outside `providers/` knows a vendor's JSON: it is these shapes on our side,
 * and `ProviderError` for everything that goes wrong.
 */
import type { Meeting } from '../domain/audition/events.ts';
import type { BusyInterval, Slot } from '../domain/audition/slot.ts';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type {
  CalendarProviderName,
  channelVendors,
  HostedMeetingName,
  meetingVendors,
} from '../domain/providers/vendors.ts';
import type { Instant } from '../domain/time/instant.ts';

/** What every call to a provider carries. */
export interface CallContext {
  /** Aborted when the activity is cancelled, its worker shuts down, or the call's deadline has passed. */
  readonly signal: AbortSignal;
  readonly correlationId: string;
  /** For whom: shares in the quota of an account that several organizations use. */
  readonly organization?: OrganizationId | undefined;
}

/** A connected account for one call. */
export interface ConnectedAccount {
  readonly id: ConnectionId;
  readonly organization: OrganizationId;
  readonly account: string;
  /** One that lasts; refreshed first, where it must be. Throws `ProviderError`. */
  accessToken(call: CallContext): Promise<string>;
  /** The provider does not take this token: the next one is another. */
  reportRejectedToken(token: string): void;
  /** The provider says that the consent behind this token does not cover the call: its owner is asked to give another. */
  reportMissingScopes(token: string): Promise<void>;
}

export interface CalendarEvent {
  readonly calendarId: string;
  /** Chosen by us from the idempotency key: [0-9a-v]{5,1024}, so that a repeated insert collides with the first. */
  readonly eventId: string;
  readonly summary: string;
  readonly description: string;
  readonly location?: string | undefined;
  readonly slot: Slot;
  /** iCalendar's SEQUENCE. */
  readonly revision: number;
}

/** An event of ours as the step sees it that only cares for its conference. */
export interface ConferenceEvent {
  readonly calendarId: string;
  readonly eventId: string;
  /** The summary of an event that is not there yet; one that is keeps its own. */
  readonly topic: string;
  readonly slot: Slot;
  readonly revision: number;
  /** The same id always yields the same conference. */
  readonly requestId: string;
}

export interface Conference {
  readonly id: string;
  readonly joinUrl: string;
}

export interface CalendarProvider {
  readonly name: CalendarProviderName;
  /** Busy intervals of several calendars of one connection within [from, until), merged by nobody. */
  freeBusy(
    connection: ConnectedAccount,
    calendarIds: readonly string[],
    window: { readonly from: Instant; readonly until: Instant },
    call: CallContext,
  ): Promise<readonly BusyInterval[]>;
  /**
   * Makes the event be as described, whether it exists, was deleted, or never was: idempotent by `eventId`. Answers
   * with the provider's id of it, which differs from ours where ours can be used no more.
   */
  putEvent(
    connection: ConnectedAccount,
    event: CalendarEvent,
    call: CallContext,
  ): Promise<{ readonly eventId: string }>;
  /** Makes the event have a conference at that time; what it says is left to `putEvent`. Idempotent by `eventId`. */
  putConference(connection: ConnectedAccount, event: ConferenceEvent, call: CallContext): Promise<Conference>;
  /** Idempotent: an event that is gone already is `absent`. */
  deleteEvent(
    connection: ConnectedAccount,
    calendarId: string,
    eventId: string,
    call: CallContext,
  ): Promise<'deleted' | 'absent'>;
}

export interface MeetingSpec {
  /** Our reference, findable at the provider: the idempotency of providers that have none of their own. */
  readonly reference: string;
  readonly topic: string;
  readonly slot: Slot;
}

/** A provider of meetings with an account of its own (Zoom); Meet's meetings come with a calendar's event. */
export interface MeetingProvider {
  readonly name: HostedMeetingName;
  /** All meetings that carry our reference, oldest first: of the earlier attempts that got through. */
  find(reference: string, around: Slot, call: CallContext): Promise<readonly Meeting[]>;
  /** Not idempotent by itself: the ledger asks `find` first when an earlier outcome is unknown. */
  create(spec: MeetingSpec, call: CallContext): Promise<Meeting>;
  /** Sets the time absolutely: idempotent. */
  move(meetingId: string, spec: MeetingSpec, call: CallContext): Promise<void>;
  /** Idempotent: a meeting that is gone already is `absent`. */
  remove(meetingId: string, call: CallContext): Promise<'deleted' | 'absent'>;
}

export interface TextMessage {
  /** E.164. */
  readonly to: string;
  /** Contains the reference as a word. */
  readonly body: string;
  /** In no other message to this number. */
  readonly reference: string;
  /** Where the provider reports what became of the message. */
  readonly statusCallback?: string | undefined;
}

type ChannelVendors = typeof channelVendors;

export interface TextMessageProvider {
  readonly name: ChannelVendors['sms']['vendor'];
  /** The message to this number that carries the reference, if an attempt since `since` got through. */
  find(
    message: Pick<TextMessage, 'to' | 'reference'>,
    since: Instant,
    call: CallContext,
  ): Promise<{ readonly id: string } | undefined>;
  send(message: TextMessage, call: CallContext): Promise<{ readonly id: string }>;
}

export interface EmailMessage {
  /** Fixed by us from the idempotency key, with angle brackets: what receivers and journals de-duplicate by. */
  readonly messageId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** An iMIP part (RFC 6047): the method must equal the calendar's own METHOD. */
  readonly calendar?: { readonly method: 'REQUEST' | 'CANCEL'; readonly content: string } | undefined;
}

export interface EmailProvider {
  readonly name: ChannelVendors['email']['vendor'];
  /**
   * Looks for a message by its id in the journal mailbox, where one is configured: `unknown` without a journal,
   * since SMTP itself cannot be asked.
   */
  find(messageId: string, call: CallContext): Promise<'sent' | 'not_sent' | 'unknown'>;
  /**
   * `beforeHandover` is awaited after the recipient was accepted and before the server can take the message over:
   * until it resolves, the message has certainly not been sent.
   */
  send(message: EmailMessage, beforeHandover: () => Promise<void>, call: CallContext): Promise<void>;
}

/** What the rest of the service may use, made once per process by `providers/registry.ts`. */
export interface Providers {
  readonly calendars: Readonly<Record<CalendarProviderName, CalendarProvider>>;
  readonly meetings: Readonly<Record<HostedMeetingName, MeetingProvider>>;
  readonly textMessages: TextMessageProvider;
  readonly email: EmailProvider;
}

/** The vendors that are called with one account of the service, which all organizations share. */
type SharedVendor =
  | (typeof meetingVendors)[HostedMeetingName]['vendor']
  | ChannelVendors[keyof ChannelVendors]['vendor'];

/** What distinguishes the shared account of a vendor from its other accounts: a host user, an account's id. */
export type SharedAccounts = Readonly<Record<SharedVendor, string>>;
