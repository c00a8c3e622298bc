/**
 * Lists the vendors and their capabilities. The names are stored and are part of the API contract. The order of each
 * list is the order in the OpenAPI document: append new entries. Everything else about a vendor is in
 * `providers/catalog.ts`.
 */
export const vendorNames = [
  'google',
  'zoom',
  'twilio',
  'smtp',
  'microsoft',
  'apple',
  'ics',
  'storage',
] as const;
export type VendorName = (typeof vendorNames)[number];

type Capability<Row> = Readonly<Record<string, Row>>;

/**
 * Vendors that create video meetings. A `hosted` meeting belongs to a host: a user of the service's own account at the
 * vendor, or a connected account. A `calendar_event` meeting is the conference of an event in a connected calendar of the
 * vendor.
 */
export const meetingVendors = {
  zoom: { vendor: 'zoom', kind: 'hosted', hosts: 'service_and_connections', reportsPresence: true },
  google_meet: { vendor: 'google', kind: 'calendar_event', hosts: 'none', reportsPresence: false },
  microsoft_teams: { vendor: 'microsoft', kind: 'hosted', hosts: 'connections', reportsPresence: false },
} as const satisfies Capability<{
  readonly vendor: VendorName;
  readonly kind: 'hosted' | 'calendar_event';
  /** Who can host the meetings: connected accounts, or users of the service's own account as well. */
  readonly hosts: 'service_and_connections' | 'connections' | 'none';
  /** Whether the vendor reports when a meeting is opened and closed. */
  readonly reportsPresence: boolean;
}>;

/** Meeting providers whose recordings are stored. */
export const recordedMeetings = [
  'zoom',
  'google_meet',
  'microsoft_teams',
] as const satisfies readonly (keyof typeof meetingVendors)[];
export type RecordedMeetingName = (typeof recordedMeetings)[number];

/** Meeting providers that register people, and give each of them an address of their own. */
export const registrantMeetings = ['zoom'] as const satisfies readonly (keyof typeof meetingVendors)[];
export type RegistrantMeetingName = (typeof registrantMeetings)[number];

/** Vendors of calendars that are read. */
export const calendarVendors = {
  google: { vendor: 'google', isWritable: true, isSynchronized: true, hasRooms: true, hasMainCalendar: true },
  microsoft: {
    vendor: 'microsoft',
    isWritable: true,
    isSynchronized: true,
    hasRooms: true,
    hasMainCalendar: true,
  },
  apple: { vendor: 'apple', isWritable: true, isSynchronized: true, hasRooms: false, hasMainCalendar: false },
  ics: { vendor: 'ics', isWritable: false, isSynchronized: true, hasRooms: false, hasMainCalendar: true },
} as const satisfies Capability<{
  readonly vendor: VendorName;
  /** Whether events can be written to the calendar. */
  readonly isWritable: boolean;
  /** Whether changes that people make in the calendar reach the auditions. */
  readonly isSynchronized: boolean;
  /** Whether rooms have calendars there, and are booked as guests of an event. */
  readonly hasRooms: boolean;
  /** Whether the id `primary` means the main calendar of the account. */
  readonly hasMainCalendar: boolean;
}>;

/** The vendor that delivers the messages of each channel. */
export const channelVendors = {
  email: { vendor: 'smtp' },
  sms: { vendor: 'twilio' },
} as const satisfies Capability<{ readonly vendor: VendorName }>;

/**
 * Vendors of connected accounts. With `oauth`, the owner consents on a page of the vendor. With `password`, the owner
 * creates an app-specific password at the vendor. With `address`, the owner pastes the secret address of a calendar.
 */
const accountVendors = {
  google: { consent: 'oauth' },
  microsoft: { consent: 'oauth' },
  zoom: { consent: 'oauth' },
  apple: { consent: 'password' },
  ics: { consent: 'address' },
} as const satisfies Partial<
  Readonly<Record<VendorName, { readonly consent: 'oauth' | 'password' | 'address' }>>
>;

type MeetingVendors = typeof meetingVendors;
export type MeetingProviderName = keyof MeetingVendors;
/** The names of meeting providers of one kind. */
type MeetingsOf<Kind extends string> = {
  [Name in MeetingProviderName]: MeetingVendors[Name]['kind'] extends Kind ? Name : never;
}[MeetingProviderName];
export type HostedMeetingName = MeetingsOf<'hosted'>;
export type CalendarMeetingName = MeetingsOf<'calendar_event'>;
/** The names of hosted providers at which the service has an account of its own. */
export type ServiceMeetingName = {
  [Name in HostedMeetingName]: MeetingVendors[Name]['hosts'] extends 'service_and_connections' ? Name : never;
}[HostedMeetingName];

export type CalendarProviderName = keyof typeof calendarVendors;
export type WritableCalendarName = {
  [Name in CalendarProviderName]: (typeof calendarVendors)[Name]['isWritable'] extends true ? Name : never;
}[CalendarProviderName];
export type ReadOnlyCalendarName = Exclude<CalendarProviderName, WritableCalendarName>;
export type SynchronizedCalendarName = {
  [Name in CalendarProviderName]: (typeof calendarVendors)[Name]['isSynchronized'] extends true
    ? Name
    : never;
}[CalendarProviderName];
export type RoomProviderName = {
  [Name in CalendarProviderName]: (typeof calendarVendors)[Name]['hasRooms'] extends true ? Name : never;
}[CalendarProviderName];
export type ConnectionProvider = keyof typeof accountVendors;
/** The names of vendors whose accounts are connected in one way. */
type AccountsWith<Consent extends string> = {
  [Name in ConnectionProvider]: (typeof accountVendors)[Name]['consent'] extends Consent ? Name : never;
}[ConnectionProvider];
export type OAuthProvider = AccountsWith<'oauth'>;
export type PasswordProvider = AccountsWith<'password'>;
export type AddressProvider = AccountsWith<'address'>;

/** Returns the names of a table's rows, in the table's order. */
export const namesIn = <Table extends object>(table: Table): readonly (keyof Table & string)[] =>
  Object.keys(table).filter((name): name is keyof Table & string => Object.hasOwn(table, name));

export const meetingProviders = namesIn(meetingVendors);
export const calendarProviders = namesIn(calendarVendors);
export const channels = namesIn(channelVendors);
export const connectionProviders = namesIn(accountVendors);

/** Returns whether the provider's meetings are `hosted`. */
export const isHostedMeeting = (name: MeetingProviderName): name is HostedMeetingName =>
  meetingVendors[name].kind === 'hosted';

/** Returns whether the recordings of the provider are stored. */
export const isRecordedMeeting = (name: string): name is RecordedMeetingName =>
  recordedMeetings.some((recorded) => recorded === name);

/** Returns whether the provider registers people. */
export const isRegistrantMeeting = (name: string): name is RegistrantMeetingName =>
  registrantMeetings.some((registering) => registering === name);
export const hostedMeetings = meetingProviders.filter(isHostedMeeting);

/** Returns whether the service has an account of its own at the provider. */
export const hasServiceHosts = (name: HostedMeetingName): name is ServiceMeetingName =>
  meetingVendors[name].hosts === 'service_and_connections';

/** Returns whether the provider reports when its meetings are opened and closed. A manual meeting reports nothing. */
export const reportsPresence = (name: MeetingProviderName | 'manual'): boolean =>
  name !== 'manual' && meetingVendors[name].reportsPresence;

/** Returns whether the name is that of a calendar provider. */
export const isCalendarProvider = (name: string): name is CalendarProviderName =>
  Object.hasOwn(calendarVendors, name);

/** Returns whether events can be written to the provider's calendars. */
export const isWritableCalendarProvider = (name: CalendarProviderName): name is WritableCalendarName =>
  calendarVendors[name].isWritable;

/** Returns whether changes in the provider's calendars reach the auditions. */
export const isSynchronizedCalendarProvider = (
  name: CalendarProviderName,
): name is SynchronizedCalendarName => calendarVendors[name].isSynchronized;

/** Returns whether the provider's rooms can be booked. */
export const isRoomProvider = (name: string): name is RoomProviderName =>
  isCalendarProvider(name) && calendarVendors[name].hasRooms;

export const roomProviders = calendarProviders.filter(isRoomProvider);
export const writableCalendarProviders = calendarProviders.filter(isWritableCalendarProvider);
export const synchronizedCalendarProviders = calendarProviders.filter(isSynchronizedCalendarProvider);
export const readOnlyCalendarProviders = calendarProviders.filter(
  (name): name is ReadOnlyCalendarName => !isWritableCalendarProvider(name),
);

/** Returns whether accounts at the provider are connected with OAuth. */
export const isOAuthProvider = (name: ConnectionProvider): name is OAuthProvider =>
  accountVendors[name].consent === 'oauth';

export const oauthProviders = connectionProviders.filter(isOAuthProvider);
export const passwordProviders = connectionProviders.filter(
  (name): name is PasswordProvider => accountVendors[name].consent === 'password',
);
export const addressProviders = connectionProviders.filter(
  (name): name is AddressProvider => accountVendors[name].consent === 'address',
);
