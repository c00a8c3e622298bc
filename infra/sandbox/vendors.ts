/** The vendors played here and their operations: the names used by faults, counters and the page. */

interface VendorOperation {
  /** Whether a successful call leaves something behind that others can see. */
  readonly effect: boolean;
  /** Whether it is the vendor that calls. */
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
    'events.get': reads,
    'events.list': reads,
    'events.patch': writes,
    'events.update': writes,
    'events.delete': writes,
    'freebusy.query': reads,
    'calendarList.list': reads,
    'calendars.insert': writes,
    'events.watch': writes,
    'channels.stop': writes,
    /** The call that Google makes to us when a watched calendar has changed. */
    'channel.notify': { effect: false, outgoing: true },
  },
  microsoft: {
    authorize: reads,
    consent: reads,
    token: reads,
    me: reads,
  },
  zoom: {
    authorize: reads,
    consent: reads,
    token: reads,
    revoke: reads,
    'users.me': reads,
    'meetings.create': writes,
    'meetings.list': reads,
    'meetings.get': reads,
    'meetings.update': writes,
    'meetings.delete': writes,
    /** The call that Zoom makes to us when a meeting begins or ends. */
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
    /** The call that Twilio makes to us when a message's status changes. */
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

const knownOperations: Record<Vendor, Readonly<Record<string, VendorOperation>>> = operations;

export const operationNames = (vendor: Vendor): readonly string[] => Object.keys(knownOperations[vendor]);

export const hasEffect = (vendor: Vendor, operation: string): boolean =>
  knownOperations[vendor][operation]?.effect ?? false;

export const isInbound = (vendor: Vendor, operation: string): boolean =>
  knownOperations[vendor][operation]?.outgoing !== true;

/** Something of each vendor's own. */
export const perVendor = <Held>(make: (vendor: Vendor) => Held): Record<Vendor, Held> => ({
  google: make('google'),
  microsoft: make('microsoft'),
  zoom: make('zoom'),
  apple: make('apple'),
  twilio: make('twilio'),
});
