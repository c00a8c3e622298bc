/**
 * Creates meetings in the service's own account at a vendor. The vendors have no idempotency keys, so each meeting
 * contains our reference. An attempt after one without a recorded result searches for that reference first.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { type HostedMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import type {
  CreateMeetingInput,
  MeetingActivities,
  MoveMeetingInput,
  RemoveMeetingInput,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { meetingReference } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoOnce } from '../effects/undo-once.ts';

/**
 * Creates the meeting activities of a hosted provider.
 * @param name the meeting provider, which selects the vendor.
 */
export const createHostedMeetingActivities = (
  {
    repositories: { ledger },
    providers: { meetings },
  }: Pick<ActivityDependencies, 'repositories' | 'providers'>,
  name: HostedMeetingName,
): MeetingActivities => {
  const host = meetings[name];
  const provider = meetingVendors[name].vendor;
  return {
    createMeeting: async ({
      key,
      organization,
      auditionId,
      slot,
      topic,
      correlationId,
    }: CreateMeetingInput) => {
      const reference = meetingReference(auditionId, key);
      return effectOnce<Meeting>(
        ledger,
        { key, organization, provider, operation: 'meetings.create', request: { reference, slot } },
        createAttemptContext({ correlationId, organization }),
        {
          kind: 'searched',
          result: meetingSchema,
          providerId: ({ id }) => id,
          find: async (_earlier, call) => {
            const [meeting, ...surplus] = await host.find(reference, slot, call);
            return meeting ? { kind: 'found', result: meeting, surplus } : { kind: 'absent' };
          },
          perform: async (handOver, call) => {
            await handOver();
            return host.create({ reference, topic, slot }, call);
          },
          removeEffect: ({ id }, call) => host.remove(id, call),
        },
      );
    },

    /** The ledger prevents a late repetition from restoring an older time. */
    moveMeeting: async (input: MoveMeetingInput) => {
      const { key, organization, auditionId, slot, topic, meeting } = input;
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
            // The reference is searched for only until the creation is recorded, so a move may change it.
            const reference = meetingReference(auditionId, key);
            await host.move(meeting.id, { reference, topic, slot }, call);
            return null;
          },
        },
      );
    },

    removeMeeting: ({ key, organization, auditionId, slot, correlationId }: RemoveMeetingInput) =>
      undoOnce(
        ledger,
        { key, organization, provider, operation: 'meetings.create' },
        createAttemptContext({ correlationId, organization }),
        {
          find: async (_earlier, call) => {
            const meetings = await host.find(meetingReference(auditionId, key), slot, call);
            return meetings.map(({ id }) => id);
          },
          remove: (id, call) => host.remove(id, call),
        },
      ),
  };
};
