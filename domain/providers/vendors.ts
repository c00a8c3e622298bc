/**
 * The vendors by name, and what each one does for an audition. These names are stored and are part of the API's
 * contract. Each list has the order of the OpenAPI document, so append to it. Everything else about a vendor stands in
 * `providers/catalog.ts`.
 */
export const vendorNames = ['google', 'zoom', 'twilio', 'smtp', 'microsoft', 'apple'] as const;
export type VendorName = (typeof vendorNames)[number];

type Capability<Row> = Readonly<Record<string, Row>>;

/**
 * Who makes video meetings. A `hosted` meeting lives in the service's own account at the vendor; a `calendar_event`
 * meeting is the conference of an event in a connected calendar of the vendor.
 */
export const meetingVendors = {
  zoom: { vendor: 'zoom', kind: 'hosted' },
  google_meet: { vendor: 'google', kind: 'calendar_event' },
} as const satisfies Capability<{ readonly vendor: VendorName; readonly kind: 'hosted' | 'calendar_event' }>;

/** Whose calendars are read and written. */
export const calendarVendors = {
  google: { vendor: 'google' },
} as const satisfies Capability<{ readonly vendor: VendorName }>;

/** Who delivers the messages of a channel. */
export const channelVendors = {
  email: { vendor: 'smtp' },
  sms: { vendor: 'twilio' },
} as const satisfies Capability<{ readonly vendor: VendorName }>;

/** How people connect an account: they consent on a page of the vendor, or make an app-specific password there. */
const accountVendors = {
  google: { consent: 'oauth' },
  microsoft: { consent: 'oauth' },
  zoom: { consent: 'oauth' },
  apple: { consent: 'password' },
} as const satisfies Partial<Readonly<Record<VendorName, { readonly consent: 'oauth' | 'password' }>>>;

type MeetingVendors = typeof meetingVendors;
export type MeetingProviderName = keyof MeetingVendors;
/** The names of meeting providers of one kind. */
type MeetingsOf<Kind extends string> = {
  [Name in MeetingProviderName]: MeetingVendors[Name]['kind'] extends Kind ? Name : never;
}[MeetingProviderName];
export type HostedMeetingName = MeetingsOf<'hosted'>;
export type CalendarMeetingName = MeetingsOf<'calendar_event'>;

export type CalendarProviderName = keyof typeof calendarVendors;
export type ConnectionProvider = keyof typeof accountVendors;
export type PasswordProvider = {
  [Name in ConnectionProvider]: (typeof accountVendors)[Name]['consent'] extends 'password' ? Name : never;
}[ConnectionProvider];
export type OAuthProvider = Exclude<ConnectionProvider, PasswordProvider>;

/** Returns the names of a table's rows, in the table's order. */
export const namesIn = <Table extends object>(table: Table): readonly (keyof Table & string)[] =>
  Object.keys(table).filter((name): name is keyof Table & string => Object.hasOwn(table, name));

/** Whose calendar is meant where stored data names no provider: the only one until there were several. */
export const defaultCalendarProvider: CalendarProviderName = 'google';

export const meetingProviders = namesIn(meetingVendors);
export const calendarProviders = namesIn(calendarVendors);
export const channels = namesIn(channelVendors);
export const connectionProviders = namesIn(accountVendors);

export const isHostedMeeting = (name: MeetingProviderName): name is HostedMeetingName =>
  meetingVendors[name].kind === 'hosted';

export const isCalendarProvider = (name: string): name is CalendarProviderName =>
  Object.hasOwn(calendarVendors, name);

export const isOAuthProvider = (name: ConnectionProvider): name is OAuthProvider =>
  accountVendors[name].consent === 'oauth';

export const oauthProviders = connectionProviders.filter(isOAuthProvider);
