/** Zoom as a `MeetingProvider`. https://developers.zoom.us/docs/api/meetings/ */
import { z } from 'zod';
import type { Meeting } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { Operation } from '../error-table.ts';
import type { CallContext, MeetingProvider, MeetingSpec } from '../ports.ts';
import type { ZoomClient } from './client.ts';
import { fromZoom } from './errors.ts';
import { meetingsPerPage, pagesAtMost } from './settings.ts';

const findOperation: Operation = { name: 'meetings.find', writes: false };
const createOperation: Operation = { name: 'meetings.create', writes: true };
const moveOperation: Operation = { name: 'meetings.move', writes: true };
const removeOperation: Operation = { name: 'meetings.remove', writes: true };

/** https://developers.zoom.us/docs/api/meetings/#tag/meetings/POST/users/{userId}/meetings : 2 is a scheduled meeting. */
const scheduled = 2;

const meetingSchema = z.object({ id: z.union([z.number(), z.string()]), join_url: z.url() });
const listedSchema = z.object({
  id: z.union([z.number(), z.string()]),
  join_url: z.url().optional(),
  agenda: z.string().optional(),
});
const pageSchema = z.object({
  meetings: z.array(listedSchema),
  next_page_token: z.string().optional(),
});

/** Every method throws `ProviderError`. */
export const createZoomMeetings = (client: ZoomClient, hostUser = 'me'): MeetingProvider => {
  const ofHost = `/users/${encodeURIComponent(hostUser)}/meetings`;

  const send = async <Shape extends z.ZodType>(
    operation: Operation,
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

  return {
    name: 'zoom',
    /** Reads all scheduled meetings, wherever they have been moved to: Zoom can search for no marker. */
    find: async (reference, _around, call) => {
      let pageToken = '';
      for (let page = 0; page < pagesAtMost; page += 1) {
        const query = new URLSearchParams({
          type: 'scheduled',
          page_size: String(meetingsPerPage),
          ...(pageToken ? { next_page_token: pageToken } : {}),
        });
        const path = `${ofHost}?${query.toString()}`;
        const answer = await send(findOperation, { method: 'GET', path }, pageSchema, call);
        const ours = answer.meetings.find(({ agenda }) => isMarked(agenda, reference));
        if (ours) {
          // A list may leave the link out; the meeting itself never does.
          const whole = { method: 'GET', path: `/meetings/${ours.id}` } as const;
          return asMeeting(
            ours.join_url === undefined
              ? await send(findOperation, whole, meetingSchema, call)
              : { id: ours.id, join_url: ours.join_url },
          );
        }
        pageToken = answer.next_page_token ?? '';
        if (!pageToken) return undefined;
      }
      return undefined;
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
const isMarked = (agenda: string | undefined, reference: string): boolean =>
  agenda?.split(/\s/).includes(marker(reference)) ?? false;

const asMeeting = ({ id, join_url }: z.infer<typeof meetingSchema>): Meeting => ({
  provider: 'zoom',
  id: String(id),
  joinUrl: join_url,
});
