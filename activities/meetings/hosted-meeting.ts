/**
 * Creates meetings in the service's own account at a vendor. The vendors have no idempotency keys, so each meeting
 * contains our reference. An attempt after one without a recorded result searches for that reference first.
 */
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import { type HostedMeetingName, meetingVendors } from '../../domain/providers/vendors.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { MoveMeetingInput } from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { meetingReference } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import type { SearchResult } from '../effects/steps.ts';
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

  const find = async (
    reference: string,
    slot: MoveMeetingInput['slot'],
    call: CallContext,
  ): Promise<SearchResult<Meeting>> => {
    const [meeting, ...surplus] = await host.find(reference, slot, call);
    return meeting ? { kind: 'found', result: meeting, surplus } : { kind: 'absent' };
  };

  return {
    create: (input) => {
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
          find: (_earlier, call) => find(reference, slot, call),
          perform: async (handOver, call) => {
            await handOver();
            return host.create({ reference, topic, slot }, call);
          },
          removeEffect: ({ id }, call) => host.remove(id, call),
        },
      );
    },

    /**
     * A repeated move sets the same time. Only the creation of another meeting is handed over, and searched for after an
     * attempt without a record. The ledger prevents a late repetition from restoring an older time.
     */
    move: (input) => {
      const { key, organization, auditionId, slot, topic, meeting } = input;
      const reference = meetingReference(auditionId, key);
      return effectOnce<Meeting>(
        ledger,
        {
          key,
          organization,
          provider,
          operation: 'meetings.move',
          request: { meeting: meeting.id, slot },
          auditionId,
          target: { kind: 'meeting', provider: name, slot },
        },
        createAttemptContext(input),
        {
          kind: 'searched',
          result: meetingSchema,
          providerId: ({ id }) => (id === meeting.id ? `${movedPrefix}${id}` : id),
          find: (_earlier, call) => find(reference, slot, call),
          perform: async (handOver, call) => {
            try {
              // The reference is searched for only until the creation is recorded, so a move may change it.
              await host.move(meeting.id, { reference, topic, slot }, call);
              return meeting;
            } catch (error) {
              if (!isGone(error)) throw error;
            }
            await handOver();
            return host.create({ reference, topic, slot }, call);
          },
          removeEffect: async ({ id }, call) => {
            if (id !== meeting.id) await host.remove(id, call);
          },
        },
      );
    },

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
            // The key of the creation removes a meeting that this key has only moved.
            remove: async (id, call) => (id.startsWith(movedPrefix) ? 'absent' : host.remove(id, call)),
          },
        };
      });
    },
  };
};

/** Marks the recorded result of a move that did not create a meeting. */
const movedPrefix = 'moved:';

const isGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';
