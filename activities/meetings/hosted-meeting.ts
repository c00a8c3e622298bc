/**
 * Creates meetings in the service's own account at a vendor. The vendors have no idempotency keys, so each meeting
 * contains our reference. An attempt after one without a recorded result searches for that reference first.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import { type HostedMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import type { CreateMeetingInput, MoveMeetingInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { meetingReference } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import type { MeetingSteps } from './meeting-steps.ts';

/**
 * Creates the meeting steps of a hosted provider.
 * @param name the meeting provider, which selects the vendor.
 */
export const createHostedMeetingSteps = (
  {
    repositories: { ledger },
    providers: { meetings },
  }: Pick<ActivityDependencies, 'repositories' | 'providers'>,
  name: HostedMeetingName,
): MeetingSteps => {
  const host = meetings[name];
  const provider = meetingVendors[name].vendor;

  /** Creates a meeting under its key. */
  const createOnce = (input: Omit<CreateMeetingInput, 'hasFallback'>): Promise<Meeting> => {
    const { key, organization, auditionId, slot, topic } = input;
    const reference = meetingReference(auditionId, key);
    return effectOnce<Meeting>(
      ledger,
      {
        key,
        organization,
        provider,
        operation: 'meetings.create',
        request: { reference, slot },
        auditionId,
        target: { kind: 'meeting', provider: name, slot },
      },
      createAttemptContext(input),
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
  };

  /**
   * Sets the time of the meeting. Returns `gone` when the vendor no longer has it. The ledger prevents a late repetition
   * from restoring an older time.
   */
  const moveOnce = (input: MoveMeetingInput): Promise<'moved' | 'gone'> => {
    const { key, organization, auditionId, slot, topic, meeting } = input;
    return effectOnce(
      ledger,
      {
        key: `${key}:move`,
        organization,
        provider,
        operation: 'meetings.move',
        request: { meeting: meeting.id, slot },
      },
      createAttemptContext(input),
      {
        kind: 'idempotent',
        result: z.enum(['moved', 'gone']),
        providerId: () => meeting.id,
        perform: async (call) => {
          // The reference is searched for only until the creation is recorded, so a move may change it.
          const reference = meetingReference(auditionId, `${key}:move`);
          try {
            await host.move(meeting.id, { reference, topic, slot }, call);
            return 'moved';
          } catch (error) {
            if (isGone(error)) return 'gone';
            throw error;
          }
        },
      },
    );
  };

  return {
    create: createOnce,

    move: async (input) => ((await moveOnce(input)) === 'gone' ? createOnce(input) : input.meeting),

    remove: (input) => {
      const { keys, organization, auditionId } = input;
      const context = createAttemptContext(input);
      return undoEach(keys, async (key) => {
        const target = await ledger.targetOf(key);
        const around = target?.kind === 'meeting' ? target.slot : input.slot;
        return {
          ledger,
          operation: { key, organization, provider, operation: 'meetings.create' },
          context,
          steps: {
            find: async (_earlier, call) => {
              const found = await host.find(meetingReference(auditionId, key), around, call);
              return found.map(({ id }) => id);
            },
            remove: (id, call) => host.remove(id, call),
          },
        };
      });
    },
  };
};

const isGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';
