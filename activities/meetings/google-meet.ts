/**
 * Meetings on Google Meet: a conference belongs to an event in the organization's calendar. Where that calendar is
 * also a participant's, both steps write one and the same event (see `eventIdFor`), and the conference stays on it.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { CallContext } from '../../providers/ports.ts';
import { openConnection } from '../calendar/open-connection.ts';
import type {
  CreateMeetingInput,
  MeetingActivities,
  MoveMeetingInput,
  RemoveMeetingInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { callWithDeadline } from '../effects/call.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { eventIdFor } from '../effects/fingerprint.ts';
import { undoOnce } from '../effects/undo-once.ts';

/** Idempotent at Google by the event's id and the conference's request id, so nothing is ever searched for. */
export const createGoogleMeetActivities = ({
  repositories: { ledger, organizations, connections },
  providers: {
    calendars: { google },
  },
}: Pick<ActivityDependencies, 'repositories' | 'providers'>): MeetingActivities => {
  /** Throws `ProviderError` (`reconnect`) for an organization that has not said in which calendar to meet. */
  const meetCalendarOf = async (id: OrganizationId) => {
    const organization = await organizations.get(id);
    if (organization?.meetCalendar) return organization.meetCalendar;
    throw new ProviderError(
      'google',
      'meetings.create',
      { kind: 'reconnect' },
      {
        message: 'the organization has connected no calendar to make meetings in',
      },
    );
  };

  const putMeeting = async (input: CreateMeetingInput, call: CallContext): Promise<Meeting> => {
    const { organization, auditionId, slot, revision, topic } = input;
    const { connection, calendarId } = await meetCalendarOf(organization);
    const eventId = eventIdFor(auditionId, { connection, calendarId });
    const written = await google.putEvent(
      await openConnection(connections, organization, connection),
      { calendarId, eventId, summary: topic, description: '', slot, revision, conferenceRequestId: eventId },
      call,
    );
    if (written.conference) return { provider: 'google_meet', ...written.conference };
    throw new ProviderError(
      'google',
      'meetings.create',
      { kind: 'retry', effect: 'unknown' },
      {
        message: 'the conference is not ready yet',
      },
    );
  };

  const removeEventOf = async (
    { organization, auditionId }: Pick<RemoveMeetingInput, 'organization' | 'auditionId'>,
    call: CallContext,
  ) => {
    const { connection, calendarId } = await meetCalendarOf(organization);
    const opened = await openConnection(connections, organization, connection);
    return google.deleteEvent(opened, calendarId, eventIdFor(auditionId, { connection, calendarId }), call);
  };

  return {
    createMeeting: (input: CreateMeetingInput) => {
      const { key, organization, auditionId, slot } = input;
      const call = callWithDeadline(input.correlationId);
      return effectOnce(
        ledger,
        {
          key,
          organization,
          provider: 'google',
          operation: 'meetings.create',
          request: { auditionId, slot },
        },
        {
          result: meetingSchema,
          providerId: ({ id }) => id,
          signal: call.signal,
          perform: () => putMeeting(input, call),
          takeBack: () => removeEventOf(input, call),
        },
      );
    },

    moveMeeting: async (input: MoveMeetingInput) => {
      const { key, organization, slot, meeting } = input;
      const call = callWithDeadline(input.correlationId);
      await effectOnce(
        ledger,
        {
          key,
          organization,
          provider: 'google',
          operation: 'meetings.move',
          request: { meeting: meeting.id, slot },
        },
        {
          result: z.null(),
          providerId: () => meeting.id,
          signal: call.signal,
          perform: async () => {
            await putMeeting(input, call);
            return null;
          },
        },
      );
    },

    removeMeeting: (input: RemoveMeetingInput) => {
      const { key, organization, auditionId } = input;
      const call = callWithDeadline(input.correlationId);
      return undoOnce(
        ledger,
        { key, organization, provider: 'google', operation: 'meetings.create' },
        { find: async () => auditionId, remove: () => removeEventOf(input, call) },
      );
    },
  };
};
