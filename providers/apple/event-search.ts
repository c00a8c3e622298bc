/**
 * Finds the resource of an event of ours: the one that we have named, or the one with its UID, because some servers choose
 * the names of resources themselves.
 *
 * Not all of them find events by UID. Some refuse the filter (RFC 4791, section 7.8: `supported-filter`), some answer that
 * there are none. Then all resources of the calendar are searched. The others are recognized before that: they find another
 * event of the calendar by its UID.
 */
import { componentsNamed, readComponents, unfold } from '../icalendar/content-lines.ts';
import { textOf } from '../icalendar/properties.ts';
import {
  type EventResource,
  eventUrl,
  findResources,
  getEvents,
  queryWhere,
  readResource,
  withText,
} from './event-resources.ts';
import type { CaldavScope } from './exchange.ts';
import { isQueryFault, isTooLarge, listNames } from './resource-names.ts';
import { eventsPerRequest } from './settings.ts';

/** Returns the resource; undefined when the calendar has none. @throws {ProviderError} */
export const findEvent = async (
  scope: CaldavScope,
  calendarUrl: string,
  uid: string,
): Promise<EventResource | undefined> => {
  const [named] = await getEvents(scope, calendarUrl, [eventUrl(calendarUrl, uid)]);
  if (named) return named;
  const answer = await queryByUid(scope, calendarUrl, uid);
  if (answer !== 'refused' && answer !== 'absent') return answer;
  try {
    return await searchAll(scope, calendarUrl, uid, answer);
  } catch (error) {
    // The server has answered that there is no such event, in a calendar whose names we cannot list.
    if (answer === 'absent' && isTooLarge(error)) return undefined;
    throw error;
  }
};

/**
 * Like `findEvent`, with two requests at most. At a server that finds no events by UID, it does not find an event under another name.
 */
export const findQuickly: typeof findEvent = async (scope, calendarUrl, uid) => {
  const [named] = await getEvents(scope, calendarUrl, [eventUrl(calendarUrl, uid)]);
  if (named) return named;
  const answer = await queryByUid(scope, calendarUrl, uid);
  return answer === 'refused' || answer === 'absent' ? undefined : answer;
};

/** How a server has answered the query for a UID, when it has found nothing. */
type Unfound = 'refused' | 'absent';

const queryByUid = async (
  scope: CaldavScope,
  calendarUrl: string,
  uid: string,
): Promise<EventResource | Unfound> => {
  try {
    const answers = await queryWhere(scope, calendarUrl, {
      'prop-filter': { _attributes: { name: 'UID' }, 'text-match': uid },
    });
    const found = answers
      .filter(({ status }) => status < 400)
      .flatMap((answer) => withText(readResource(calendarUrl, answer)))
      .find(({ text }) => uidsIn(text).includes(uid));
    return found ?? 'absent';
  } catch (error) {
    // A server that ignores the filter sends all of its events.
    if (isQueryFault(error) || isTooLarge(error)) return 'refused';
    throw error;
  }
};

/** The resources that are read before all others: one of them shows whether the server finds events by UID. */
const firstRead = 5;

/** Reads the resources of the calendar in groups: first those whose names contain the UID. */
const searchAll = async (
  scope: CaldavScope,
  calendarUrl: string,
  uid: string,
  answer: Unfound,
): Promise<EventResource | undefined> => {
  const listed = (await listNames(scope, calendarUrl)).map(({ href }) => new URL(href, calendarUrl).href);
  const urls = [...listed.filter((url) => url.includes(uid)), ...listed.filter((url) => !url.includes(uid))];
  for (let from = 0; from < urls.length; from += from === 0 ? firstRead : eventsPerRequest) {
    const until = from === 0 ? firstRead : from + eventsPerRequest;
    const { resources } = await findResources(scope, calendarUrl, urls.slice(from, until));
    const found = resources.find(({ text }) => uidsIn(text).includes(uid));
    if (found) return found;
    if (from === 0 && answer === 'absent' && (await findsByUid(scope, calendarUrl, resources)))
      return undefined;
  }
  return undefined;
};

/** Whether the server finds one of these resources by its UID. */
const findsByUid = async (
  scope: CaldavScope,
  calendarUrl: string,
  resources: readonly EventResource[],
): Promise<boolean> => {
  const [known] = resources.flatMap(({ text }) => uidsIn(text));
  if (known === undefined) return false;
  const answer = await queryByUid(scope, calendarUrl, known);
  return answer !== 'absent' && answer !== 'refused';
};

const uidsIn = (text: string): readonly string[] =>
  componentsNamed(readComponents(unfold(text)), 'VEVENT').flatMap((event) => textOf(event, 'UID') ?? []);
