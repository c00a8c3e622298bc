/**
 * Implements change queries of a calendar view: https://learn.microsoft.com/graph/api/event-delta. The window is part of
 * each link. A change outside the window is listed as removed. A changed series is listed with its master and with all
 * occurrences in the window, which have only their times; a deleted occurrence is not mentioned.
 */
import { z } from 'zod';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import type { Calendar, Calendars } from './calendars.ts';
import { GraphError } from './errors.ts';
import { entityTag, renderEvent, renderOccurrence, type StoredEvent } from './event.ts';
import { viewWindow } from './event-listing.ts';
import type { Preferences } from './preferences.ts';

/** Names of parameters are not case-sensitive. */
export const changeQuerySchema = z
  .record(z.string(), z.string())
  .transform((query) => new Map(Object.entries(query).map(([name, value]) => [name.toLowerCase(), value])));
type ChangeQuery = z.output<typeof changeQuerySchema>;

const tokenSchema = z.object({
  epoch: z.int(),
  calendarId: z.string(),
  from: z.number(),
  until: z.number(),
  /** `all`: the listing of all events, from the position on. `changes`: what has changed after the revision. */
  kind: z.enum(['all', 'changes']),
  after: z.int(),
  /** The revision of the calendars when the listing of all events began. */
  listedAt: z.int(),
  /** Epoch milliseconds. Old links expire. */
  issuedAt: z.number(),
});
type Token = z.infer<typeof tokenSchema>;

export interface ChangePage {
  readonly value: readonly object[];
  readonly link: { readonly name: '@odata.nextLink' | '@odata.deltaLink'; readonly query: string };
}

/** https://learn.microsoft.com/graph/api/event-delta#odata-query-parameters */
const unsupported = ['$select', '$expand', '$filter', '$orderby', '$search', '$top', '$skip', '$count'];
const defaultPageSize = 10;

const encode = (token: Token): string => Buffer.from(JSON.stringify(token)).toString('base64url');

const decode = (text: string): Token => {
  try {
    return tokenSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    throw new GraphError(400, 'BadRequest', 'Badly formed token.');
  }
};

/** What the links depend on. */
interface ChangeParts {
  readonly calendars: Calendars;
  readonly settings: Pick<MicrosoftSandboxSettings, 'deltaLinkMs' | 'expiredLinkStatus' | 'changesPerPage'>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/**
 * Of Outlook, the tokens live as long as they stay in a cache of limited size:
 * https://learn.microsoft.com/graph/delta-query-overview#token-duration
 *
 * @throws {GraphError} a 410 for a token of an earlier epoch and for an old one, a 400 for one of another calendar.
 */
const readToken = (text: string, calendar: Calendar, { calendars, settings, now }: ChangeParts): Token => {
  const token = decode(text);
  if (token.calendarId !== calendar.id) throw new GraphError(400, 'BadRequest', 'Badly formed token.');
  const { syncEpoch: epoch } = calendars;
  if (token.epoch === epoch && token.issuedAt + settings.deltaLinkMs > now) return token;
  if (settings.expiredLinkStatus === 400) {
    throw new GraphError(
      400,
      'syncStateNotFound',
      'The sync state generation is not found. The delta token is expired and data must be synchronized again.',
    );
  }
  throw new GraphError(
    410,
    'SyncStateNotFound',
    `The sync state generation is not found; generation=${token.epoch};[highest=${epoch}].`,
  );
};

const startOf = (calendar: Calendar, query: ChangeQuery, parts: ChangeParts): Token => {
  const refused = unsupported.filter((name) => query.has(name));
  if (refused.length > 0) {
    throw new GraphError(
      400,
      'ErrorInvalidUrlQuery',
      `The following parameters are not supported with change tracking over the 'CalendarView' resource: '${refused.join(', ')}'.`,
    );
  }
  const token = query.get('$skiptoken') ?? query.get('$deltatoken');
  if (token !== undefined) return readToken(token, calendar, parts);
  const { from, until } = viewWindow(query.get('startdatetime'), query.get('enddatetime'));
  const { syncEpoch, revision } = parts.calendars;
  return {
    epoch: syncEpoch,
    calendarId: calendar.id,
    from,
    until,
    kind: 'all',
    after: 0,
    listedAt: revision,
    issuedAt: parts.now,
  };
};

/** Returns one page. @throws {GraphError} a 400 for an invalid query, a 410 for an expired token. */
export const listViewChanges = (
  calendar: Calendar,
  query: ChangeQuery,
  preferences: Preferences,
  parts: ChangeParts,
): ChangePage => {
  const { calendars, settings, now } = parts;
  const start = { ...startOf(calendar, query, parts), issuedAt: now };
  const pageSize = Math.min(preferences.pageSize ?? defaultPageSize, settings.changesPerPage);
  const units = start.kind === 'all' ? unitsOf(calendar) : changedUnits(calendar, start.after);
  const from = start.kind === 'all' ? start.after : 0;
  const value: object[] = [];
  let taken = from;
  // A series is never split.
  for (; taken < units.length && value.length < pageSize; taken += 1) {
    const unit = units[taken];
    if (unit) value.push(...render(unit, start, preferences));
  }
  const last = units[taken - 1]?.revision ?? start.after;
  if (taken < units.length) {
    const next = { ...start, after: start.kind === 'all' ? taken : last };
    return { value, link: { name: '@odata.nextLink', query: `$skiptoken=${encode(next)}` } };
  }
  const after = start.kind === 'all' ? start.listedAt : Math.max(last, calendars.revision);
  const delta: Token = { ...start, kind: 'changes', after };
  return { value, link: { name: '@odata.deltaLink', query: `$deltatoken=${encode(delta)}` } };
};

/** A single event, or a series with its occurrences. */
interface Unit {
  readonly event: StoredEvent;
  readonly occurrences: readonly StoredEvent[];
  readonly isInitial: boolean;
  readonly revision: number;
}

const toUnit = (calendar: Calendar, event: StoredEvent, isInitial: boolean): Unit => ({
  event,
  occurrences: [...calendar.events.values()].filter(
    ({ series, deleted }) => series?.immutableId === event.immutableId && !deleted,
  ),
  isInitial,
  revision: event.revision,
});

const isOccurrence = ({ series }: StoredEvent): boolean => series !== undefined;

/** Deleted events keep their position, so that a deletion during the listing moves no event to another page. */
const unitsOf = (calendar: Calendar): readonly Unit[] =>
  [...calendar.events.values()]
    .filter((event) => !isOccurrence(event))
    .map((event) => toUnit(calendar, event, true));

const changedUnits = (calendar: Calendar, after: number): readonly Unit[] =>
  [...calendar.events.values()]
    .filter((event) => !isOccurrence(event) && event.revision > after)
    .sort((a, b) => a.revision - b.revision)
    .map((event) => toUnit(calendar, event, false));

const render = (
  { event, occurrences, isInitial }: Unit,
  { from, until }: Token,
  preferences: Preferences,
): readonly object[] => {
  const isInside = ({ startMs, endMs }: StoredEvent) => endMs > from && startMs < until;
  const id = preferences.immutableIds ? event.immutableId : event.id;
  const inside = occurrences.filter(isInside);
  const isListed = !event.deleted && (event.type === 'seriesMaster' ? inside.length > 0 : isInside(event));
  if (!isListed) {
    return isInitial
      ? []
      : [{ '@odata.type': '#microsoft.graph.event', id, '@removed': { reason: 'deleted' } }];
  }
  return [
    { '@odata.type': '#microsoft.graph.event', ...renderEvent(event, preferences) },
    ...inside.map((occurrence) => ({
      '@odata.type': '#microsoft.graph.event',
      ...(occurrence.type === 'exception'
        ? renderEvent(occurrence, preferences)
        : { ...renderOccurrence(occurrence, preferences), '@odata.etag': entityTag(occurrence) }),
    })),
  ];
};
