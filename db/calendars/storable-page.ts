/**
 * Changes what PostgreSQL refuses of a page, so that one odd event does not stop the calendars of its connection. A vendor, another
 * program or a damaged file can put anything into an id.
 */
import type { ListedEvent, UnreadEvents } from '../../providers/ports.ts';
import { sha256 } from '../digest.ts';
import { isStorableText, storableText } from '../storable-text.ts';
import { storableInstant } from '../time.ts';
import type { EventToStore, PageToStore } from './page-to-store.ts';

/**
 * The longest name, in bytes. An index has no longer entries than 2,704 bytes with all their columns
 * (https://www.postgresql.org/docs/18/btree.html). Google's ids have at most 1,024 characters.
 */
const longestName = 2_000;

/** PostgreSQL's largest integer. */
const largestInteger = 2_147_483_647;

/** Returns the page as it can be stored. Events keep their times, whatever their ids are. */
export const storablePage = (page: PageToStore): PageToStore => ({
  ...page,
  events: page.events.map(storableEvent),
  wholeSeries: page.wholeSeries?.map(nameOf),
  leftOut: page.leftOut && {
    events: page.leftOut.events.map(storableUnread),
    faults: page.leftOut.faults.map(storableText),
  },
  // Without a cursor, the next listing is one of all events.
  nextCursor: page.nextCursor !== undefined && isStorableText(page.nextCursor) ? page.nextCursor : undefined,
});

/** A name that cannot be stored has another one in its place, always the same. */
const nameOf = (text: string): string =>
  isStorableText(text) && Buffer.byteLength(text) <= longestName
    ? text
    : // JSON escapes half of a surrogate pair, which UTF-8 has no form for.
      `digest:${sha256(JSON.stringify(text))}`;

const optionalNameOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : nameOf(text);

const storableEvent = (stored: EventToStore): EventToStore => {
  const { event, creation, revision } = stored;
  return {
    ...stored,
    id: nameOf(stored.id),
    series: optionalNameOf(stored.series),
    uid: optionalNameOf(stored.uid),
    creation: creation && { id: nameOf(creation.id), uid: nameOf(creation.uid) },
    revision: revision !== undefined && Math.abs(revision) <= largestInteger ? revision : undefined,
    event: event && storableTimes(event),
  };
};

const storableTimes = (event: ListedEvent): ListedEvent => ({
  ...event,
  start: storableInstant(event.start),
  end: storableInstant(event.end),
  zone: storableText(event.zone),
  etag: event.etag !== undefined && isStorableText(event.etag) ? event.etag : undefined,
  answer: event.answer && {
    ...event.answer,
    givenAt: storableInstant(event.answer.givenAt),
    changedAt: storableInstant(event.answer.changedAt),
  },
});

const storableUnread = (unread: UnreadEvents): UnreadEvents => {
  switch (unread.by) {
    case 'id':
      return { by: 'id', id: nameOf(unread.id) };
    case 'series':
      return { by: 'series', series: nameOf(unread.series) };
    case 'uid':
      return { by: 'uid', uid: nameOf(unread.uid) };
    case 'unknown':
      return unread;
  }
};
