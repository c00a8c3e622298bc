/**
 * Reads and writes the resources of a CalDAV calendar (RFC 4791). Each event is one resource. Events are read with their
 * ETag in a REPORT and not with GET: servers exist whose GET answers another ETag than the one `If-Match` is compared
 * with (https://github.com/forwardemail/caldav-adapter/pull/20).
 */
import { createCalendarObject, type DAVResponse, deleteCalendarObject, updateCalendarObject } from 'tsdav';
import { z } from 'zod';
import { ProviderError } from '../../domain/errors.ts';
import { wholeAnswer } from '../errors/unreadable-answers.ts';
import { withoutEffect } from '../operations.ts';
import { parseWebAddress } from '../outbound/early-check.ts';
import { requestAnswers } from './dav-answers.ts';
import { digitsOf, isSame, namespaces, textValue } from './dav-values.ts';
import { appleError } from './errors.ts';
import { type CaldavScope, exchange } from './exchange.ts';
import { isQueryFault, listNames } from './resource-names.ts';
import { eventsPerRequest } from './settings.ts';

/** A resource as the server stores it. */
export interface EventResource {
  readonly url: string;
  /** Undefined: the server sends none, and a change cannot be made conditional. */
  readonly etag: string | undefined;
  readonly text: string;
}

/**
 * Returns the URL of a calendar from its id, with a slash at the end.
 *
 * @throws {ProviderError} `not_found` for an id that is not a URL.
 */
export const calendarUrlOf = (operation: CaldavScope['operation'], calendarId: string): string => {
  const id = calendarId.trim();
  if (!/^https?:\/\//i.test(id) || !URL.canParse(id)) {
    throw appleError(operation, {
      code: 'not_a_calendar',
      message: 'the id of a CalDAV calendar is the URL of its collection',
    });
  }
  const url = parseWebAddress(id);
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url.href;
};

const withData = { 'd:getetag': {}, 'c:calendar-data': {} } as const;

const propsSchema = z.object({
  getetag: textValue.optional().catch(undefined),
  calendarData: textValue.optional().catch(undefined),
});

/** Sends a REPORT and returns its answers. */
const report = async (
  scope: CaldavScope,
  url: string,
  body: Readonly<Record<string, unknown>>,
): Promise<readonly DAVResponse[]> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const answers = await exchange(reading, ({ headers, fetch }) =>
    requestAnswers({
      url,
      init: { method: 'REPORT', namespace: 'c', headers: { ...headers, depth: '1' }, body },
      fetch,
    }),
  );
  const [first] = answers;
  // A login page answers 200, and so does a server that knows no REPORT.
  if (first && first.status !== 207 && first.href !== undefined && first.props === undefined) {
    throw appleError(reading.operation, {
      code: 'not_a_calendar',
      message: 'the URL is not that of a CalDAV calendar',
      unreadable: wholeAnswer,
    });
  }
  return answers.filter(({ href }) => href !== undefined && href !== '');
};

export const readResource = (calendarUrl: string, { href = '', props }: DAVResponse) => {
  const { getetag: etag, calendarData } = propsSchema.parse(props ?? {});
  // A server behind a proxy can name its own address. A resource is at the server of its calendar (RFC 4918, section 8.3).
  const { pathname } = new URL(href, calendarUrl);
  return { url: new URL(pathname, calendarUrl).href, etag, text: calendarData };
};

/** Sends a query for the events that pass the filter (RFC 4791, section 7.8). */
export const queryWhere = (
  scope: CaldavScope,
  calendarUrl: string,
  filter: object,
  properties: object = withData,
) =>
  report(scope, calendarUrl, {
    'calendar-query': {
      _attributes: namespaces,
      'd:prop': properties,
      filter: {
        'comp-filter': {
          _attributes: { name: 'VCALENDAR' },
          'comp-filter': { _attributes: { name: 'VEVENT' }, ...filter },
        },
      },
    },
  });

/** Returns the events of a calendar that can overlap [from, until). The server decides generously, and so does the caller. */
export const queryEvents = async (
  scope: CaldavScope,
  calendarUrl: string,
  window: { readonly from: number; readonly until: number },
): Promise<FoundResources> => {
  try {
    return await queryWindow(scope, calendarUrl, window);
  } catch (error) {
    if (!isQueryFault(error)) throw error;
    const names = await listNames(scope, calendarUrl);
    return readTexts(
      scope,
      calendarUrl,
      names.map(({ href }) => new URL(href, calendarUrl).href),
    );
  }
};

const queryWindow = async (
  scope: CaldavScope,
  calendarUrl: string,
  window: { readonly from: number; readonly until: number },
): Promise<FoundResources> => {
  const answers = await queryWhere(scope, calendarUrl, {
    'time-range': { _attributes: { start: digitsOf(window.from), end: digitsOf(window.until) } },
  });
  const failed = answers.find(({ status }) => status >= 400 && status !== 404);
  const isWhole = failed ?? answers.find(({ status, href }) => status === 404 && isSame(href, calendarUrl));
  if (isWhole) {
    throw appleError(withoutEffect(scope.operation), {
      status: isWhole.status,
      // RFC 4791, section 7.8: a truncated answer contains a 507 for the calendar.
      ...(isWhole.status === 507 ? { code: 'too_many_events' } : {}),
      message: `the server answered ${isWhole.status} for a part of the query`,
    });
  }
  const resources = answers
    .filter(({ status }) => status < 400)
    .map((answer) => readResource(calendarUrl, answer));
  const without = resources.filter((resource) => resource.text === undefined).map(({ url }) => url);
  const missing = await readTexts(scope, calendarUrl, without);
  return { ...missing, resources: [...resources.flatMap(withText), ...missing.resources] };
};

/** Requests the resources in groups. */
const readTexts = async (
  scope: CaldavScope,
  calendarUrl: string,
  urls: readonly string[],
): Promise<FoundResources> => {
  const resources: EventResource[] = [];
  const withoutText: string[] = [];
  for (let from = 0; from < urls.length; from += eventsPerRequest) {
    const found = await findAllowed(scope, calendarUrl, urls.slice(from, from + eventsPerRequest));
    resources.push(...found.resources);
    withoutText.push(...found.withoutText);
  }
  return { resources, withoutText };
};

/** Like `findResources`. @throws {ProviderError} also when the account may not read one of them */
const findAllowed = async (
  scope: CaldavScope,
  ...request: readonly [calendarUrl: string, urls: readonly string[]]
): Promise<FoundResources> => {
  const { denied, ...found } = await findResources(scope, ...request);
  if (denied.length > 0) throw refusedError(scope, deniedStatus);
  return found;
};

export const withText = ({
  text: found,
  ...resource
}: Partial<EventResource> & Pick<EventResource, 'url'>): readonly EventResource[] =>
  found === undefined ? [] : [{ ...resource, etag: resource.etag, text: found }];

export interface FoundResources {
  readonly resources: readonly EventResource[];
  /** The URLs of those that exist, and whose text the server does not send. */
  readonly withoutText: readonly string[];
}

export interface RequestedResources extends FoundResources {
  /** The URLs of those that the account may not read. */
  readonly denied: readonly string[];
  /** The URLs of those that do not exist. A server can also omit a resource, which says nothing about it. */
  readonly gone: readonly string[];
  /** The URLs without a text that have no etag either: some servers answer so for resources that do not exist. */
  readonly unclear: readonly string[];
}

/** Like `findAllowed`; resources without a text are left out. */
export const getEvents = async (
  ...request: Parameters<typeof findAllowed>
): Promise<readonly EventResource[]> => (await findAllowed(...request)).resources;

/**
 * Returns the resources with these URLs that exist (`calendar-multiget`: RFC 4791, section 7.9). Each resource has its own
 * status, so one that the account may not read does not hide the others.
 * @throws {ProviderError} when the server fails for one of them
 */
export const findResources = async (
  scope: CaldavScope,
  calendarUrl: string,
  urls: readonly string[],
): Promise<RequestedResources> => {
  const { present, ...others } = await multiget(scope, calendarUrl, urls, withData);
  return {
    ...others,
    resources: present.flatMap(withText),
    withoutText: present.filter(({ text }) => text === undefined).map(({ url }) => url),
    unclear: present
      .filter(({ etag, text }) => etag === undefined && text === undefined)
      .map(({ url }) => url),
  };
};

const isGone = ({ status }: DAVResponse): boolean => goneStatuses.has(status);

/** Like `findResources`, with these properties of the resources. */
const multiget = async (
  scope: CaldavScope,
  calendarUrl: string,
  urls: readonly string[],
  properties: object,
) => {
  const answers = await report(scope, calendarUrl, {
    'calendar-multiget': {
      _attributes: namespaces,
      'd:prop': properties,
      'd:href': urls.map((url) => new URL(url).pathname),
    },
  });
  const isDenied = ({ status, href }: DAVResponse) => status === deniedStatus && !isSame(href, calendarUrl);
  const failed = answers.find((answer) => answer.status >= 400 && !isGone(answer) && !isDenied(answer));
  if (failed) throw refusedError(scope, failed.status);
  const urlsOf = (some: readonly DAVResponse[]) =>
    some.map((answer) => readResource(calendarUrl, answer).url);
  return {
    present: answers.filter(({ status }) => status < 400).map((answer) => readResource(calendarUrl, answer)),
    denied: urlsOf(answers.filter(isDenied)),
    gone: urlsOf(answers.filter(isGone)),
  };
};

/** Like `findResources`, with the etags instead of the texts, and without resources that have none. Requests the resources in groups. */
export const findEtags = async (scope: CaldavScope, calendarUrl: string, urls: readonly string[]) => {
  const answers: Awaited<ReturnType<typeof multiget>>[] = [];
  for (let from = 0; from < urls.length; from += eventsPerRequest) {
    const group = urls.slice(from, from + eventsPerRequest);
    answers.push(await multiget(scope, calendarUrl, group, { 'd:getetag': {} }));
  }
  return {
    present: answers.flatMap(({ present }) => present.filter(({ etag }) => etag !== undefined)),
    denied: answers.flatMap(({ denied }) => denied),
    gone: answers.flatMap(({ gone }) => gone),
  };
};

const deniedStatus = 403;

/** Returns the error for a resource, or for the calendar, in a `calendar-multiget`. */
export const refusedError = ({ operation }: Pick<CaldavScope, 'operation'>, status = deniedStatus) =>
  appleError(withoutEffect(operation), {
    status,
    message: `the server answered ${status} for a resource`,
  });

/** Any other status of a resource does not say that it is gone: its event would be taken for deleted. */
export const goneStatuses: ReadonlySet<number> = new Set([404, 410]);

/** Returns the URL at which this service creates an event. */
export const eventUrl = (calendarUrl: string, uid: string): string => new URL(`${uid}.ics`, calendarUrl).href;

/** Creates the resource of an event. @throws {ProviderError} `conflict` when it exists. */
export const createEvent = async (
  scope: CaldavScope,
  calendarUrl: string,
  uid: string,
  iCalString: string,
): Promise<void> => {
  await exchange(scope, ({ headers, fetch }) =>
    createCalendarObject({
      calendar: { url: calendarUrl },
      filename: `${uid}.ics`,
      iCalString,
      headers,
      fetch,
    }),
  );
};

/**
 * Returns the resource for another attempt to change it. `If-Match` compares strongly, so a weak ETag never matches (RFC 9110,
 * section 13.1.1): after a refusal, the change is not conditional. It follows its reading immediately.
 */
export const afterRefusal = (resource: EventResource, refused: EventResource | undefined): EventResource =>
  refused?.etag?.startsWith('W/') && refused.etag === resource.etag
    ? { ...resource, etag: undefined }
    : resource;

/** Replaces a resource. @throws {ProviderError} `conflict` when another client has changed it, `not_found` when it is gone. */
export const replaceEvent = async (
  scope: CaldavScope,
  { url, etag }: EventResource,
  data: string,
): Promise<void> => {
  await exchange(scope, ({ headers, fetch }) =>
    updateCalendarObject({
      calendarObject: { url, data, ...(etag !== undefined && { etag }) },
      headers,
      fetch,
    }),
  );
};

/**
 * Deletes a resource. Nextcloud moves it to a trash, and refuses that when the trash has one with its name, as after an earlier
 * deletion. It is then deleted for good, as Nextcloud's own clients do with this header.
 *
 * @throws {ProviderError} like `replaceEvent`.
 */
export const deleteEventResource = async (scope: CaldavScope, resource: EventResource): Promise<void> => {
  try {
    await sendDeletion(scope, resource);
  } catch (error) {
    if (!(error instanceof ProviderError) || error.vendor.code !== 'name_in_trash') throw error;
    await sendDeletion(scope, resource, { 'x-nc-caldav-no-trashbin': '1' });
  }
};

const sendDeletion = async (
  scope: CaldavScope,
  { url, etag }: EventResource,
  more: Readonly<Record<string, string>> = {},
): Promise<void> => {
  await exchange(scope, ({ headers, fetch }) =>
    deleteCalendarObject({
      calendarObject: { url, ...(etag !== undefined && { etag }) },
      headers: { ...headers, ...more },
      fetch,
    }),
  );
};

const zonePropsSchema = z.object({
  calendarTimezoneId: textValue.optional().catch(undefined),
  calendarTimezone: textValue.optional().catch(undefined),
});

/** Returns the zone of the calendar as the server has stored it: a name (RFC 7809), or a VTIMEZONE (RFC 4791, 5.2.2). */
export const readCalendarZone = async (
  scope: CaldavScope,
  calendarUrl: string,
): Promise<{ readonly name: string | undefined; readonly definition: string | undefined }> => {
  const reading = { ...scope, operation: withoutEffect(scope.operation) };
  const answers = await exchange(reading, ({ headers, fetch }) =>
    requestAnswers({
      url: calendarUrl,
      init: {
        method: 'PROPFIND',
        namespace: 'd',
        headers: { ...headers, depth: '0' },
        body: {
          propfind: {
            _attributes: namespaces,
            prop: { 'c:calendar-timezone': {}, 'c:calendar-timezone-id': {} },
          },
        },
      },
      fetch,
    }),
  );
  const { calendarTimezoneId: name, calendarTimezone: definition } = zonePropsSchema.parse(
    answers.at(0)?.props ?? {},
  );
  return { name, definition };
};
