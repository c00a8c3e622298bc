/** Finds the one name of a CalDAV calendar whose URL can be written in several ways. */

/**
 * Returns the same name for the same calendar. The id of a calendar is the URL of its collection: the scheme, the case of
 * the host, a default port, the escaping of the path (`@` or `%40`) and a trailing slash do not matter.
 *
 * A calendar that its owner has shared has another URL for each reader. Nothing in the URL tells that it is the same one.
 */
export const caldavCalendarName = (calendarId: string): string => {
  const text = calendarId.trim();
  if (!URL.canParse(text)) return text;
  const { hostname, port, pathname } = new URL(text);
  const host = hostname.replace(/^p\d+-(caldav\.icloud\.com)/, '$1');
  const path = pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(canonicalSegment)
    .join('/');
  return `${host}${port === '' ? '' : `:${port}`}/${path}`;
};

const canonicalSegment = (segment: string): string => {
  try {
    return encodeURIComponent(decodeURIComponent(segment));
  } catch {
    return segment;
  }
};
