/**
 * Maps operations to the scopes that permit them: https://developers.google.com/workspace/calendar/api/auth and, for
 * Meet, https://developers.google.com/workspace/meet/api/guides/authenticate-authorize. `meetings.space.created` covers
 * spaces that the app has created with the Meet API. The sandbox has none: its spaces are conferences of events.
 */

/** Returns the full name of a Google scope. */
export const googleScope = (name: string): string => `https://www.googleapis.com/auth/${name}`;

const events = ['calendar', 'calendar.events', 'calendar.events.owned'].map(googleScope);
const reading = [...events, ...['calendar.readonly', 'calendar.events.readonly'].map(googleScope)];

const scopesFor: Readonly<Record<string, readonly string[]>> = {
  'events.insert': events,
  'events.patch': events,
  'events.update': events,
  'events.delete': events,
  'events.get': reading,
  'events.list': reading,
  'events.watch': reading,
  'freebusy.query': ['calendar', 'calendar.readonly', 'calendar.freebusy', 'calendar.events.freebusy'].map(
    googleScope,
  ),
  'calendarList.list': [
    'calendar',
    'calendar.readonly',
    'calendar.calendarlist',
    'calendar.calendarlist.readonly',
  ].map(googleScope),
  'resources.calendars.list': [
    'admin.directory.resource.calendar',
    'admin.directory.resource.calendar.readonly',
  ].map(googleScope),
  'calendarList.insert': ['calendar', 'calendar.calendarlist'].map(googleScope),
  'calendarList.patch': ['calendar', 'calendar.calendarlist'].map(googleScope),
  'calendarList.delete': ['calendar', 'calendar.calendarlist'].map(googleScope),
  'acl.insert': ['calendar', 'calendar.acls'].map(googleScope),
  'spaces.get': ['meetings.space.readonly', 'meetings.space.settings'].map(googleScope),
  'spaces.patch': ['meetings.space.settings'].map(googleScope),
  'conferenceRecords.list': ['meetings.space.readonly'].map(googleScope),
  'participants.list': ['meetings.space.readonly'].map(googleScope),
  'participantSessions.list': ['meetings.space.readonly'].map(googleScope),
  'recordings.list': ['meetings.space.readonly'].map(googleScope),
  'transcripts.list': ['meetings.space.readonly'].map(googleScope),
  // https://developers.google.com/workspace/drive/api/guides/api-specific-auth
  'files.get': ['drive', 'drive.readonly', 'drive.meet.readonly'].map(googleScope),
  'files.export': ['drive', 'drive.readonly', 'drive.meet.readonly'].map(googleScope),
  'calendars.insert': ['calendar', 'calendar.app.created', 'calendar.calendars'].map(googleScope),
  'calendars.delete': ['calendar', 'calendar.app.created', 'calendar.calendars'].map(googleScope),
};

/** Returns whether one of the scopes permits the operation. Operations without an entry need no scope. */
export const permitsOperation = (scopes: readonly string[], operation: string | undefined): boolean =>
  scopesFor[operation ?? '']?.some((scope) => scopes.includes(scope)) ?? true;
