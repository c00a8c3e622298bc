/** Which scope opens what: https://developers.google.com/workspace/calendar/api/auth */

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
  'calendars.insert': ['calendar', 'calendar.app.created', 'calendar.calendars'].map(googleScope),
};

/** Whether one of these scopes opens the operation; what is not listed is open to everybody who has signed in. */
export const permitsOperation = (scopes: readonly string[], operation: string | undefined): boolean =>
  scopesFor[operation ?? '']?.some((scope) => scopes.includes(scope)) ?? true;
