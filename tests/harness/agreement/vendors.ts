/** Compares what the API shows with meetings and events at the vendors: none may be missing, left over or doubled. */
import { eventIdFor } from '../../../activities/effects/deterministic-ids.ts';
import { toEpochMs } from '../../../domain/time/epoch.ts';
import { sandboxAccounts } from '../service.ts';
import type { KnownAudition, Sources } from './sources.ts';

/** Returns the disagreements. */
export const vendorDisagreements = async (
  { sandbox }: Sources,
  auditions: readonly KnownAudition[],
): Promise<readonly string[]> => {
  const { google, zoom } = sandbox.control.state();
  const meetings = zoom.meetings.map((meeting) => ({
    place: `Zoom meeting ${meeting.id}`,
    startMs: Date.parse(meeting.start_time),
  }));
  const events = google.calendars.flatMap(({ owner, events }) =>
    events
      .filter(({ status, origin }) => status !== 'cancelled' && origin === 'api')
      .map(({ id, start, end }) => ({
        owner,
        place: `event ${id} of ${owner}`,
        startMs: Date.parse(start.dateTime ?? ''),
        endMs: Date.parse(end.dateTime ?? ''),
      })),
  );
  const standing = auditions.filter(({ stands }) => stands);
  return [
    ...compare([...meetings, ...events], standing.flatMap(expectedOf)),
    ...google.calendars.flatMap(({ owner }) => overlaps(events.filter((event) => event.owner === owner))),
  ];
};

interface Placed {
  readonly place: string;
  readonly startMs: number;
}

/** The meeting and the events that the view lists, at the time of its slot. */
const expectedOf = ({ view }: KnownAudition): readonly (Placed & { readonly id: string })[] => {
  const { id, slot, meeting, calendarEvents } = view;
  if (!slot) return [];
  const startMs = toEpochMs(slot.start);
  const accounts = new Map<string, string>(Object.entries(sandboxAccounts));
  return [
    ...(meeting?.provider === 'zoom' ? [{ id, place: `Zoom meeting ${meeting.id}`, startMs }] : []),
    ...(meeting?.provider === 'google_meet'
      ? [{ id, place: `event ${eventIdFor(id)} of ${sandboxAccounts.conn_office}`, startMs }]
      : []),
    ...calendarEvents.map(({ connection, eventId }) => ({
      id,
      place: `event ${eventId} of ${accounts.get(connection)}`,
      startMs,
    })),
  ];
};

const compare = (
  found: readonly Placed[],
  expected: readonly (Placed & { readonly id: string })[],
): readonly string[] => [
  ...expected.flatMap(({ id, place, startMs }) => {
    const [match, ...more] = found.filter((other) => other.place === place);
    if (!match) return [`${id}: the vendor lacks ${place}`];
    return [
      ...(match.startMs === startMs ? [] : [`${id}: ${place} is at another time than the slot`]),
      ...(more.length === 0 ? [] : [`${id}: the vendor has ${place} more than once`]),
    ];
  }),
  ...found
    .filter(({ place }) => !expected.some((other) => other.place === place))
    .map(({ place }) => `no audition stands that has ${place}`),
];

const overlaps = (events: readonly (Placed & { readonly endMs: number })[]): readonly string[] =>
  events.flatMap((event, index) =>
    events
      .slice(index + 1)
      .filter(({ startMs, endMs }) => startMs < event.endMs && event.startMs < endMs)
      .map(({ place }) => `${place} and ${event.place} overlap`),
  );
