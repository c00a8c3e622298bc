/**
 * Defines the ports that provider adapters implement. Code outside `providers/` sees only these types, never a vendor's
 * JSON. Every method reports failures as `ProviderError`.
 */
import type {
  CalendarProviderName,
  HostedMeetingName,
  meetingVendors,
  ReadOnlyCalendarName,
  RecordedMeetingName,
  RegistrantMeetingName,
  ServiceMeetingName,
  WritableCalendarName,
} from '../domain/providers/vendors.ts';
import type { CalendarChanges } from './ports/calendar-changes.ts';
import type { CalendarProvider, ReadableCalendarProvider } from './ports/calendars.ts';
import type { MeetingProvider } from './ports/meetings.ts';
import type { ChannelVendors, EmailProvider, TextMessageProvider } from './ports/messages.ts';
import type { RecordingProvider } from './ports/recordings.ts';
import type { MeetingRegistrants } from './ports/registrants.ts';
import type { FileStorage } from './ports/storage.ts';

export * from './ports/calendar-changes.ts';
export * from './ports/calendar-events.ts';
export * from './ports/calendars.ts';
export * from './ports/calls.ts';
export * from './ports/meetings.ts';
export * from './ports/messages.ts';
export * from './ports/recordings.ts';
export * from './ports/registrants.ts';
export * from './ports/storage.ts';

/** The providers, constructed once per process by `providers/registry.ts`. */
export interface Providers {
  readonly calendars: Readonly<Record<WritableCalendarName, CalendarProvider>> &
    Readonly<Record<ReadOnlyCalendarName, ReadableCalendarProvider>>;
  /** Calendars of a vendor without an entry are written and read, but not synchronized. */
  readonly calendarChanges: Readonly<Partial<Record<CalendarProviderName, CalendarChanges>>>;
  readonly meetings: Readonly<Record<HostedMeetingName, MeetingProvider>>;
  readonly textMessages: TextMessageProvider;
  readonly email: EmailProvider;
  readonly recordings: Readonly<Record<RecordedMeetingName, RecordingProvider>>;
  readonly registrants: Readonly<Record<RegistrantMeetingName, MeetingRegistrants>>;
  readonly storage: FileStorage;
}

/** The vendors that are called with one account of the service, shared by all organizations. */
type SharedVendor =
  | (typeof meetingVendors)[ServiceMeetingName]['vendor']
  | ChannelVendors[keyof ChannelVendors]['vendor'];

/** The identity of each vendor's shared account, such as its id at the vendor. */
export type SharedAccounts = Readonly<Record<SharedVendor, string>>;
