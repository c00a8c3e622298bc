/** A calendar of a connected account, as its provider lists it. */
export interface CalendarListing {
  /** `primary` for the main calendar, where the vendor has one. */
  readonly calendarId: string;
  /** Another id of the same calendar: that of the vendor, for the main calendar. */
  readonly alias?: string | undefined;
  /** The name that the owner sees; can be empty. */
  readonly name: string;
  /** Whether it is the main calendar of the account. A CalDAV server has none. */
  readonly isMain: boolean;
  readonly isWritable: boolean;
}
