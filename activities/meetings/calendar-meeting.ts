/**
 * Meetings that come with a calendar: the conference belongs to an event in the organization's calendar. Where that calendar is
 * also a participant's, both steps write one and the same event (see `eventIdFor`), and the conference stays on it.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { type CalendarMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import type { CallContext } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type {
  CreateMeetingInput,
  MeetingActivities,
  MoveMeetingInput,
  RemoveMeetingInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';

/** Idempotent at the calendar by the event's id and the conference's request id, so nothing is ever searched for. */
export const createCalendarMeetingActivities = (
  {
    repositories: { ledger, organizations, connections },
    providers: { calendars },
    accessTokens,
  }: Pick<ActivityDependencies, 'repositories' | 'providers' | 'accessTokens'>,
  name: CalendarMeetingName,
): MeetingActivities => {
  const provider = meetingVendors[name].vendor;
  const calendar = calendars[provider];
  const opening = { connections, accessTokens };
  /** Throws `ProviderError` (`reconnect`) for an organization that has not said in which calendar to meet. */
  const meetCalendarOf = async (id: OrganizationId) => {
    const organization = await organizations.get(id);
    if (organization?.meetCalendar) return organization.meetCalendar;
    throw new ProviderError(
      provider,
      'meetings.create',
      { kind: 'reconnect' },
      {
        message: 'the organization has connected no calendar to make meetings in',
      },
    );
  };

  const putMeeting = async (
    input: Omit<CreateMeetingInput, 'hasFallback'>,
    call: CallContext,
  ): Promise<Meeting> => {
    const { organization, auditionId, slot, revision, topic } = input;
    const { connection, calendarId } = await meetCalendarOf(organization);
    const eventId = eventIdFor(auditionId, { connection, calendarId });
    const conference = await calendar.putConference(
      await openConnectionById(opening, organization, { provider, connection }, 'meetings.putConference'),
      { calendarId, eventId, topic, slot, revision, requestId: eventId },
      call,
    );
    return { provider: name, ...conference };
  };

  const removeEventOf = async (
    { organization, auditionId }: Pick<RemoveMeetingInput, 'organization' | 'auditionId'>,
    call: CallContext,
  ) => {
    const { connection, calendarId } = await meetCalendarOf(organization);
    const opened = await openConnectionById(
      opening,
      organization,
      { provider, connection },
      'meetings.remove',
    );
    return calendar.deleteEvent(opened, calendarId, eventIdFor(auditionId, { connection, calendarId }), call);
  };

  return {
    createMeeting: (input: CreateMeetingInput) => {
      const { key, organization, auditionId, slot } = input;
      return effectOnce(
        ledger,
        {
          key,
          organization,
          provider,
          operation: 'meetings.create',
          request: { auditionId, slot },
        },
        createAttemptContext(input),
        {
          kind: 'idempotent',
          result: meetingSchema,
          // Whichever conference it has: two attempts make, and a removal removes, the event of this audition.
          providerId: () => auditionId,
          perform: (call) => putMeeting(input, call),
          removeEffect: (_meeting, call) => removeEventOf(input, call),
        },
      );
    },

    moveMeeting: async (input: MoveMeetingInput) => {
      const { key, organization, slot, meeting } = input;
      await effectOnce(
        ledger,
        {
          key,
          organization,
          provider,
          operation: 'meetings.move',
          request: { meeting: meeting.id, slot },
        },
        createAttemptContext(input),
        {
          kind: 'idempotent',
          result: z.null(),
          providerId: () => meeting.id,
          perform: async (call) => {
            await putMeeting(input, call);
            return null;
          },
        },
      );
    },

    removeMeeting: (input: RemoveMeetingInput) => {
      const { key, organization, auditionId } = input;
      return undoOnce(
        ledger,
        { key, organization, provider, operation: 'meetings.create' },
        createAttemptContext(input),
        { find: async () => [auditionId], remove: (_id, call) => removeEventOf(input, call) },
      );
    },
  };
};
