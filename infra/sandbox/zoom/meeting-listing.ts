/** Implements GET /users/{id}/meetings: filters and pages the meetings. */
import { z } from 'zod';
import type { ZoomSandboxSettings } from '../settings.ts';
import { dayMs } from '../time.ts';
import { validationFailed } from './errors.ts';
import { endMs, renderListed, type StoredMeeting } from './meeting.ts';

export const meetingQuerySchema = z.object({
  type: z
    .enum(['scheduled', 'live', 'upcoming', 'upcoming_meetings', 'previous_meetings'])
    .default('scheduled'),
  page_size: z.coerce.number().int().min(1).max(300).default(30),
  next_page_token: z.string().optional(),
  /** Inclusive dates in UTC. */
  from: z.iso.date().optional(),
  to: z.iso.date().optional(),
});
type MeetingQuery = z.infer<typeof meetingQuerySchema>;

type ListType = MeetingQuery['type'];

const upcoming = (meeting: StoredMeeting, nowMs: number) => endMs(meeting) > nowMs;

const ofType: Readonly<Record<ListType, (meeting: StoredMeeting, nowMs: number) => boolean>> = {
  scheduled: (meeting) => meeting.type === 2,
  upcoming,
  upcoming_meetings: upcoming,
  previous_meetings: (meeting, nowMs) => !upcoming(meeting, nowMs),
  // Meetings of the sandbox have no participants.
  live: () => false,
};

const matcher = (query: MeetingQuery, nowMs: number) => {
  const from = query.from === undefined ? -Infinity : Date.parse(query.from);
  const until = query.to === undefined ? Infinity : Date.parse(query.to) + dayMs;
  return (meeting: StoredMeeting) =>
    ofType[query.type](meeting, nowMs) && meeting.startMs >= from && meeting.startMs < until;
};

const readPageToken = (token: string | undefined): number => {
  if (token === undefined || token === '') return 0;
  const offset = Number(Buffer.from(token, 'base64url').toString());
  if (!Number.isInteger(offset) || offset < 1) {
    throw validationFailed([
      { field: 'next_page_token', message: 'The next page token is invalid or expired.' },
    ]);
  }
  return offset;
};

const listedAs: Readonly<Record<ZoomSandboxSettings['listedAgenda'], (meeting: StoredMeeting) => object>> = {
  shown: renderListed,
  left_out: (meeting) => {
    const { agenda: _, ...others } = renderListed(meeting);
    return others;
  },
  null: (meeting) => ({ ...renderListed(meeting), agenda: null }),
};

/**
 * Returns one page as Zoom does, in order of start. `next_page_token` is empty (or null) on the last page.
 */
export const listMeetings = (
  meetings: readonly StoredMeeting[],
  query: MeetingQuery,
  nowMs: number,
  { listedAgenda }: Pick<ZoomSandboxSettings, 'listedAgenda'>,
) => {
  const matching = meetings
    .filter(matcher(query, nowMs))
    .sort((a, b) => a.startMs - b.startMs || a.id - b.id);
  const offset = readPageToken(query.next_page_token);
  const next = offset + query.page_size;
  const last = listedAgenda === 'null' ? null : '';
  return {
    page_size: query.page_size,
    total_records: matching.length,
    next_page_token: next < matching.length ? Buffer.from(String(next)).toString('base64url') : last,
    meetings: matching.slice(offset, next).map(listedAs[listedAgenda]),
  };
};
