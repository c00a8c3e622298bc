/** Lists the simulated vendors and their operations. Faults, counters and the page use these names. */

interface VendorOperation {
  /** Whether a successful call changes the vendor's data. */
  readonly effect: boolean;
  /** Whether the vendor makes the call. */
  readonly outgoing?: true;
}

const reads = { effect: false } as const satisfies VendorOperation;
const writes = { effect: true } as const satisfies VendorOperation;

const operations = {
  google: {
    authorize: reads,
    consent: reads,
    token: reads,
    revoke: reads,
    userinfo: reads,
    'events.insert': writes,
    'events.move': writes,
    'events.instances': reads,
    'events.get': reads,
    'events.list': reads,
    'events.patch': writes,
    'events.update': writes,
    'events.delete': writes,
    'freebusy.query': reads,
    'calendarList.list': reads,
    'calendarList.insert': writes,
    'calendarList.patch': writes,
    'calendarList.delete': writes,
    'acl.insert': writes,
    'resources.calendars.list': reads,
    'calendars.insert': writes,
    'calendars.delete': writes,
    'events.watch': writes,
    'channels.stop': writes,
    'spaces.get': reads,
    'spaces.patch': writes,
    'conferenceRecords.list': reads,
    'participants.list': reads,
    'participantSessions.list': reads,
    'recordings.list': reads,
    'transcripts.list': reads,
    'files.get': reads,
    'files.export': reads,
    /** Google's webhook call when a watched calendar has changed. */
    'channel.notify': { effect: false, outgoing: true },
  },
  microsoft: {
    authorize: reads,
    consent: reads,
    token: reads,
    me: reads,
    'calendars.list': reads,
    'calendars.get': reads,
    'calendars.create': writes,
    'calendars.delete': writes,
    'calendarPermissions.create': writes,
    'calendarPermissions.update': writes,
    'calendar.getSchedule': reads,
    'places.rooms': reads,
    'calendarView.list': reads,
    'calendarView.delta': reads,
    'events.instances': reads,
    'events.list': reads,
    'events.create': writes,
    'events.get': reads,
    'events.update': writes,
    'events.delete': writes,
    'onlineMeetings.createOrGet': writes,
    'onlineMeetings.create': writes,
    'onlineMeetings.list': reads,
    'onlineMeetings.get': reads,
    'onlineMeetings.update': writes,
    'onlineMeetings.delete': writes,
    'attendanceReports.list': reads,
    'attendanceRecords.list': reads,
    'recordings.list': reads,
    'recordings.content': reads,
    'transcripts.list': reads,
    'transcripts.content': reads,
    'subscriptions.create': writes,
    'subscriptions.get': reads,
    'subscriptions.list': reads,
    'subscriptions.update': writes,
    'subscriptions.reauthorize': writes,
    'subscriptions.delete': writes,
    /** Graph's webhook call when an event of a mailbox has changed. */
    'subscription.notify': { effect: false, outgoing: true },
    /** Graph's webhook call about a subscription itself. */
    'subscription.lifecycle': { effect: false, outgoing: true },
  },
  zoom: {
    authorize: reads,
    consent: reads,
    token: reads,
    revoke: reads,
    'users.me': reads,
    'users.get': reads,
    'meetings.create': writes,
    'meetings.list': reads,
    'meetings.get': reads,
    'meetings.update': writes,
    'meetings.status': writes,
    'meetings.controls': writes,
    'meetings.delete': writes,
    'registrants.create': writes,
    'registrants.list': reads,
    'registrants.status': writes,
    'meetings.instances': reads,
    'recordings.get': reads,
    'recordings.list': reads,
    'recordings.delete': writes,
    'recordings.deleteFile': writes,
    'recordings.download': reads,
    'recordings.archive': reads,
    /** Zoom's webhook call when a meeting starts or ends. */
    'event.webhook': { effect: false, outgoing: true },
  },
  apple: {
    /** Every step of a discovery: RFC 6764, section 6. */
    discover: reads,
  },
  twilio: {
    'messages.create': writes,
    'messages.list': reads,
    'messages.get': reads,
    /** Twilio's webhook call when the status of a message changes. */
    'status.callback': { effect: false, outgoing: true },
  },
} as const satisfies Record<string, Record<string, VendorOperation>>;

export type Vendor = keyof typeof operations;
export const vendors = [
  'google',
  'microsoft',
  'zoom',
  'apple',
  'twilio',
] as const satisfies readonly Vendor[];

const operationsByVendor: Record<Vendor, Readonly<Record<string, VendorOperation>>> = operations;

/** Returns the names of a vendor's operations. */
export const operationNames = (vendor: Vendor): readonly string[] => Object.keys(operationsByVendor[vendor]);

/** Returns whether a successful call of the operation changes the vendor's data. */
export const hasEffect = (vendor: Vendor, operation: string): boolean =>
  operationsByVendor[vendor][operation]?.effect ?? false;

/** Returns whether the operation is a call to the vendor, and not one that the vendor makes. */
export const isInbound = (vendor: Vendor, operation: string): boolean =>
  operationsByVendor[vendor][operation]?.outgoing !== true;

/** Returns a record with one value per vendor. */
export const perVendor = <Held>(make: (vendor: Vendor) => Held): Record<Vendor, Held> => ({
  google: make('google'),
  microsoft: make('microsoft'),
  zoom: make('zoom'),
  apple: make('apple'),
  twilio: make('twilio'),
});
