/**
 * Creates meetings in the service's own account at a vendor. The vendors have no idempotency keys, so each meeting
 * contains our reference. An attempt after one without a recorded result searches for that reference first.
 */
import { z } from 'zod';
import { type Meeting, meetingSchema } from '../../domain/audition/events.ts';
import { ProviderError } from '../../domain/errors.ts';
import { type HostedMeetingName, meetingVendors, type VendorName } from '../../domain/providers/vendors.ts';
import { second } from '../../domain/time/units.ts';
import type { HostAccount } from '../../providers/ports.ts';
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
  const vendorMeetings = meetings[name];
  const host: HostAccount = { kind: 'service', user: vendorMeetings.defaultUser ?? 'me' };
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
          const [meeting, ...surplus] = await vendorMeetings.find(host, reference, slot, call);
          return meeting ? { kind: 'found', result: meeting, surplus } : { kind: 'absent' };
        },
        perform: async (handOver, call) => {
          await handOver();
          const spec = { reference, topic, slot, settings: {} };
          return (await vendorMeetings.create(host, spec, call)).meeting;
        },
        removeEffect: ({ id }, call) => vendorMeetings.remove(host, id, call),
      },
    );
  };

  /**
   * Sets the time of the meeting. Returns `gone` when the vendor no longer has it. The ledger prevents a late repetition
   * from restoring an older time. The vendor does not know revisions, so the ledger also keeps the moves in order: a move
   * waits for one that is running, and one of an older revision is `superseded`.
   */
  const moveOnce = (input: MoveMeetingInput): Promise<MoveResult> => {
    const { key, organization, auditionId, slot, revision, topic, meeting } = input;
    const operation = { key: `${key}:move`, provider, operation: 'meetings.move', auditionId } as const;
    return effectOnce<MoveResult>(
      ledger,
      { ...operation, organization, request: { meeting: meeting.id, slot } },
      createAttemptContext(input),
      {
        kind: 'idempotent',
        result: moveResultSchema,
        providerId: () => meeting.id,
        perform: async (call) => {
          // After the claim of this operation, so that of two simultaneous moves at least one sees the other.
          const others = await ledger.othersLike(operation);
          if (others.some(({ result }) => revisionOf(result) > revision))
            return { outcome: 'superseded', revision };
          if (others.some(({ runningMs }) => runningMs > 0)) throw otherMoveRunning(operation);
          // The reference is searched for only until the creation is recorded, so a move may change it.
          const reference = meetingReference(auditionId, `${key}:move`);
          try {
            await vendorMeetings.move(host, meeting.id, { reference, topic, slot, settings: {} }, call);
            return { outcome: 'moved', revision };
          } catch (error) {
            if (isGone(error)) return { outcome: 'gone', revision };
            throw error;
          }
        },
      },
    );
  };

  return {
    check: (input) => vendorMeetings.check(host, input.meeting.id, createAttemptContext(input).startCall()),
    ...(vendorMeetings.attendance && {
      attendance: async (input) =>
        (await vendorMeetings.attendance?.(
          host,
          input.meeting.id,
          createAttemptContext(input).startCall(),
        )) ?? [],
    }),
    create: createOnce,

    move: async (input) => {
      const { outcome } = await moveOnce(input);
      return outcome === 'gone' ? createOnce(input) : input.meeting;
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
              const found = await vendorMeetings.find(host, meetingReference(auditionId, key), around, call);
              return found.map(({ id }) => id);
            },
            remove: (id, call) => vendorMeetings.remove(host, id, call),
          },
        };
      });
    },
  };
};

const moveResultSchema = z.object({
  outcome: z
    .enum(['moved', 'gone', 'superseded'])
    .describe('Whether the meeting was moved, was gone, or had the time of a later revision already'),
  revision: z.int().describe('The revision of the slot that the meeting was moved to'),
});
type MoveResult = z.infer<typeof moveResultSchema>;

/** Returns the revision of a completed move, and 0 for any other result. */
const revisionOf = (result: unknown): number => moveResultSchema.safeParse(result).data?.revision ?? 0;

/** Two moves that see each other both wait. Their retries differ by the jitter of the delay. */
const otherMoveRunning = ({
  provider,
  operation,
}: {
  readonly provider: VendorName;
  readonly operation: string;
}) =>
  new ProviderError(
    provider,
    operation,
    { kind: 'retry_after', delayMs: 2 * second },
    { message: 'another move of the meeting is running' },
  );

const isGone = (error: unknown): boolean =>
  error instanceof ProviderError && error.fault.kind === 'not_found';
