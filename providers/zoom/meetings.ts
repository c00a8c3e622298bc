/** Zoom as a `MeetingProvider`. https://developers.zoom.us/docs/api/meetings/ */
import { z } from 'zod';
import type { Meeting } from '../../domain/audition/events.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { ProviderOperation } from '../errors/error-table.ts';
import { operationOf } from '../operations.ts';
import type { CallContext, MeetingProvider, MeetingSpec } from '../ports.ts';
import type { ZoomClient } from './client.ts';
import { fromZoom, zoomError, zoomErrors } from './errors.ts';
import { meetingsPerPage, pagesAtMost } from './settings.ts';

const findOperation = operationOf('zoom', 'meetings.find');
const createOperation = operationOf('zoom', 'meetings.create');
const moveOperation = operationOf('zoom', 'meetings.move');
const removeOperation = operationOf('zoom', 'meetings.remove');

/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings : 2 is a scheduled meeting. */
const scheduled = 2;

const meetingSchema = z.object({
  id: z.union([z.number(), z.string()]),
  join_url: z.url(),
  agenda: z.string().nullish(),
  created_at: z.string().nullish(),
});
type ZoomMeeting = z.infer<typeof meetingSchema>;

/** A list may leave out what the meeting itself tells. */
const listedSchema = meetingSchema.extend({ join_url: z.url().nullish(), start_time: z.string().nullish() });
type ListedMeeting = z.infer<typeof listedSchema>;

const pageSchema = z.object({
  meetings: z.array(listedSchema),
  next_page_token: z.string().nullish(),
});

/** Every method throws `ProviderError`. */
export const createZoomMeetings = (client: ZoomClient, hostUser = 'me'): MeetingProvider => {
  const ofHost = `/users/${encodeURIComponent(hostUser)}/meetings`;

  const send = async <Shape extends z.ZodType>(
    operation: ProviderOperation,
    wanted: Parameters<ZoomClient['send']>[1],
    answer: Shape,
    call: CallContext,
  ): Promise<z.output<Shape>> => {
    const body = await client.send(operation, wanted, call);
    try {
      return answer.parse(body);
    } catch (error) {
      throw fromZoom(operation, error, call);
    }
  };

  /** All scheduled meetings, wherever they have been moved to: Zoom can search for no marker. */
  async function* listMeetings(call: CallContext): AsyncGenerator<ListedMeeting> {
    let pageToken = '';
    for (let page = 0; page < pagesAtMost; page += 1) {
      const query = new URLSearchParams({
        type: 'scheduled',
        page_size: String(meetingsPerPage),
        ...(pageToken ? { next_page_token: pageToken } : {}),
      });
      const path = `${ofHost}?${query.toString()}`;
      const answer = await send(findOperation, { method: 'GET', path }, pageSchema, call);
      yield* answer.meetings;
      pageToken = answer.next_page_token ?? '';
      if (!pageToken) return;
    }
    // Whoever has not seen all of them cannot say that ours is not among them.
    throw zoomError(zoomErrors, findOperation, {
      status: 500,
      retryAfter: undefined,
      body: { message: `the list of meetings has more than ${pagesAtMost} pages` },
    });
  }

  /** With its agenda and its link; where the list left the agenda out, only a meeting at that time can be ours. */
  const completeMeeting = async (
    one: ListedMeeting,
    around: Slot,
    call: CallContext,
  ): Promise<ZoomMeeting | undefined> => {
    const { agenda, join_url } = one;
    if (typeof agenda === 'string' && typeof join_url === 'string') return { ...one, join_url };
    const mayBeOurs = typeof agenda === 'string' || startsWith(one, around);
    if (!mayBeOurs) return undefined;
    const path = `/meetings/${encodeURIComponent(String(one.id))}`;
    return send(findOperation, { method: 'GET', path }, meetingSchema, call);
  };

  return {
    name: 'zoom',
    find: async (reference, around, call) => {
      const ours: ZoomMeeting[] = [];
      for await (const one of listMeetings(call)) {
        if (typeof one.agenda === 'string' && !isMarked(one.agenda, reference)) continue;
        const meeting = await completeMeeting(one, around, call);
        if (meeting && isMarked(meeting.agenda, reference)) ours.push(meeting);
      }
      return ours.sort(byCreation).map(asMeeting);
    },
    create: async (spec, call) =>
      asMeeting(
        await send(
          createOperation,
          { method: 'POST', path: ofHost, body: { ...asZoomMeeting(spec), type: scheduled } },
          meetingSchema,
          call,
        ),
      ),
    move: async (meetingId, spec, call) => {
      const path = `/meetings/${encodeURIComponent(meetingId)}`;
      await client.send(moveOperation, { method: 'PATCH', path, body: asZoomMeeting(spec) }, call);
    },
    remove: async (meetingId, call) => {
      const path = `/meetings/${encodeURIComponent(meetingId)}`;
      try {
        await client.send(removeOperation, { method: 'DELETE', path }, call);
        return 'deleted';
      } catch (error) {
        if (error instanceof ProviderError && error.fault.kind === 'not_found') return 'absent';
        throw error;
      }
    },
  };
};

const minute = 60_000;

/** The start is an instant in UTC, so that no DST gap or overlap can bend it; the zone says how it is shown. */
const asZoomMeeting = ({ reference, topic, slot }: MeetingSpec) => ({
  topic: topic.slice(0, longestTopic),
  agenda: marker(reference),
  start_time: slot.start.replace(/\.\d{3}Z$/, 'Z'),
  duration: Math.ceil((Date.parse(slot.end) - Date.parse(slot.start)) / minute),
  timezone: slot.zone,
});

const longestTopic = 200;

/** A list shows the first 250 characters of an agenda: the marker must fit. */
const longestMarker = 250;

const marker = (reference: string): string => {
  const text = `castmatch:${reference}`;
  if (text.length > longestMarker)
    throw new RangeError(`a reference of ${reference.length} characters is too long`);
  return text;
};

/** The host may write something below the marker. */
const isMarked = (agenda: string | null | undefined, reference: string): boolean =>
  agenda?.split(/\s/).includes(marker(reference)) ?? false;

const startsWith = ({ start_time }: ListedMeeting, { start }: Slot): boolean =>
  typeof start_time !== 'string' || Date.parse(start_time) === Date.parse(start);

/** Zoom's times are whole seconds, and begin with the year: their order as text is that in time. */
const byCreation = (one: ZoomMeeting, other: ZoomMeeting): number =>
  (one.created_at ?? '').localeCompare(other.created_at ?? '') ||
  String(one.id).localeCompare(String(other.id), 'en', { numeric: true });

const asMeeting = ({ id, join_url }: ZoomMeeting): Meeting => ({
  provider: 'zoom',
  id: String(id),
  joinUrl: join_url,
});
