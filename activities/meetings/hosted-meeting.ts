/**
 * Creates meetings that belong to a host: a user of the service's own account at a vendor, or a connected account. The
 * vendors have no idempotency keys, so each meeting contains our reference. An attempt after one without a recorded result
 * searches for that reference first, or repeats the creation when the vendor deduplicates by the reference.
 */
import { z } from 'zod';
import type { MeetingOwner } from '../../domain/audition/casting-session.ts';
import { changedAccess } from '../../domain/audition/changed-access.ts';
import { type Meeting, type MeetingAccess, meetingSchema } from '../../domain/audition/meeting.ts';
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import { namesOfSettings, type SettingName } from '../../domain/audition/meeting-settings.ts';
import { ProviderError } from '../../domain/errors.ts';
import {
  type HostedMeetingName,
  isRecordedMeeting,
  isRegistrantMeeting,
  meetingVendors,
  type VendorName,
} from '../../domain/providers/vendors.ts';
import { second } from '../../domain/time/units.ts';
import { type CallOperation, operationOf } from '../../providers/operations.ts';
import type { CallContext, HostAccount, MeetingSpec } from '../../providers/ports.ts';
import type {
  CreateMeetingInput,
  EndMeetingInput,
  MeetingOfAudition,
  MoveMeetingInput,
  RegisterParticipantsInput,
  RemoveMeetingInput,
  SetLeadersInput,
  UndoResult,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { meetingReference } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import { createHostedCreation, withSettings } from './hosted-creation.ts';
import { createMeetingHosts } from './meeting-hosts.ts';
import type { MeetingSteps, Owned } from './meeting-steps.ts';
import { alignRecording, applyConsent, nameWithheld, withConsent } from './recording-consent.ts';
import { createRegistration } from './registrants.ts';

/** The step that has created a meeting, and the host it was created with. */
interface Creation {
  readonly key: string;
  readonly host: MeetingHost;
}

/**
 * Creates the meeting steps of a hosted provider.
 * @param name the meeting provider, which selects the vendor.
 */
export const createHostedMeetingSteps = (
  dependencies: Pick<
    ActivityDependencies,
    'repositories' | 'providers' | 'accessTokens' | 'issueJoinLinks' | 'sender'
  >,
  name: HostedMeetingName,
): MeetingSteps => {
  const { ledger, hostClaims: claims, events, registrants } = dependencies.repositories;
  const { providers, issueJoinLinks, sender } = dependencies;
  const meetings = providers.meetings[name];
  const hosts = createMeetingHosts(dependencies, name);
  const create = createHostedCreation({ name, provider: meetings, hosts, claims });
  const provider = meetingVendors[name].vendor;
  const find = operationOf(provider, 'meetings.find');
  const move = operationOf(provider, 'meetings.move');
  const remove = operationOf(provider, 'meetings.remove');
  const check = operationOf(provider, 'meetings.check');
  const attendance = operationOf(provider, 'meetings.attendance');
  const end = operationOf(provider, 'meetings.end');
  const lead = operationOf(provider, 'meetings.setLeaders');

  /** Returns the host with which the attempts of this key create the meeting. Undefined: no attempt has called it yet. */
  const recordedHost = async (key: string): Promise<MeetingHost | undefined> => {
    const target = await ledger.targetOf(key);
    return target?.kind === 'meeting' ? target.host : undefined;
  };

  /** Returns how the meeting was created. Undefined: it is not recorded. Earlier versions recorded no default host. */
  const creationOf = async ({
    auditionId,
    meeting,
  }: Pick<Owned<MoveMeetingInput>, 'auditionId' | 'meeting'>): Promise<Creation | undefined> => {
    const effects = await ledger.standingEffects(auditionId);
    return effects
      .flatMap(({ key, target, providerId }) => {
        if (target.kind !== 'meeting' || target.provider !== name || providerId !== meeting.id) return [];
        const host = target.host ?? hosts.first;
        return host ? [{ key, host }] : [];
      })
      .at(-1);
  };

  /** The next audition that uses the room of its session gets the meeting from the record of its creation. */
  const correctCreation = async (input: Owned<MeetingOfAudition>, access: MeetingAccess): Promise<void> => {
    const creation = await creationOf(input);
    if (creation) await ledger.correctResult(creation.key, { providerId: input.meeting.id, change: access });
  };

  /** Opens the host with which the meeting was created. */
  const openHostOf = async (
    input: Owned<MeetingOfAudition>,
    operation: CallOperation,
  ): Promise<HostAccount> => hosts.open(input.organization, (await creationOf(input))?.host, operation);

  /** Gives a meeting that an earlier attempt has created the present consents to the recording. */
  const aligned = async (
    host: HostAccount,
    meeting: Meeting,
    { settings: { autoStartRecording: isAutomatic } }: MeetingSpec,
    call: CallContext,
  ): Promise<Meeting> => {
    if (isAutomatic === undefined || !isRecordedMeeting(name)) return meeting;
    const recordings = providers.recordings[name];
    await alignRecording({ recordings }, { meetingId: meeting.id, isAutomatic }, host, call);
    return meeting;
  };

  /** Returns the meeting that an earlier attempt has created, with the settings that it does not have. */
  const reviewed = async (
    host: HostAccount,
    meeting: Meeting,
    spec: MeetingSpec,
    call: CallContext,
  ): Promise<Meeting> => {
    await aligned(host, meeting, spec, call);
    if (!meetings.review || namesOfSettings(spec.settings).length === 0) return meeting;
    const notHonored = await meetings.review(host, meeting.id, spec, call);
    return notHonored.length > 0 ? { ...meeting, notHonored: [...notHonored] } : meeting;
  };

  /** Creates a meeting under its key. */
  const createOnce = async (input: Omit<Owned<CreateMeetingInput>, 'hasFallback'>): Promise<Meeting> => {
    const { key, organization, auditionId, slot, topic } = input;
    const { settings, withheld } = await withConsent(events, input, input.settings ?? {});
    const reference = meetingReference(auditionId, key);
    const spec = { reference, topic, slot, settings };
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
          const host = await hosts.open(organization, await recordedHost(key), find);
          // The vendor returns the earlier meeting, completed.
          if (meetings.createsOnce) {
            const meeting = withSettings(await meetings.create(host, spec, call));
            return {
              kind: 'found',
              result: nameWithheld(await aligned(host, meeting, spec, call), withheld),
              surplus: [],
            };
          }
          const [meeting, ...surplus] = await meetings.find(host, reference, slot, call);
          return meeting
            ? {
                kind: 'found',
                result: nameWithheld(await reviewed(host, meeting, spec, call), withheld),
                surplus,
              }
            : { kind: 'absent' };
        },
        perform: async (handOver, call, attempt) => {
          const earlier = attempt > 1 ? await recordedHost(key) : undefined;
          return nameWithheld(await create({ input, spec, earlier }, handOver, call, attempt), withheld);
        },
        removeEffect: async ({ id }, call) =>
          meetings.remove(await hosts.open(organization, await recordedHost(key), remove), id, call),
      },
    );
  };

  /**
   * Sets the time of the meeting. Returns `gone` when the vendor no longer has it, and `host_busy` when its host has
   * another meeting at the new time. The ledger prevents a late repetition from restoring an older time. The vendor does
   * not know revisions, so the ledger also keeps the moves in order: a move waits for one that is running, and one of an
   * older revision is `superseded`.
   */
  const moveOnce = (input: Owned<MoveMeetingInput>, creation: Creation | undefined): Promise<MoveResult> => {
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
          if (creation && (await claimForMove(input, creation, call)) === 'busy')
            return { outcome: 'host_busy', revision };
          // The reference is searched for only until the creation is recorded, so a move may change it.
          const reference = meetingReference(auditionId, `${key}:move`);
          const host = await hosts.open(organization, creation?.host, move);
          try {
            await meetings.move(host, meeting.id, { reference, topic, slot, settings: {} }, call);
          } catch (error) {
            if (isGone(error)) return { outcome: 'gone', revision };
            throw error;
          }
          if (creation) await claims.keepOnly(creation.key, revision);
          return { outcome: 'moved', revision };
        },
      },
    );
  };

  /** The claim of the old time stays until the move has succeeded: an operator can keep the meeting at that time. */
  const claimForMove = async (
    { organization, auditionId, slot, revision }: Owned<MoveMeetingInput>,
    { key, host }: Creation,
    call: CallContext,
  ) => {
    const [named] = await hosts.named(organization, [host], move, call);
    const { account, otherNames } = named ?? { account: key, otherNames: [] };
    return claims.claim(
      { key, auditionId, vendor: provider, host: account, otherNames, slot, revision },
      { kind: 'created' },
    );
  };

  /** Returns the meeting with its duration among what it lacks, when the plan of the host is too short for the new slot. */
  const withDurationOf = async (
    input: Owned<MoveMeetingInput>,
    creation: Creation | undefined,
  ): Promise<Meeting> => {
    const { organization, slot, meeting } = input;
    if (!meetings.endsEarly) return meeting;
    const host = await hosts.open(organization, creation?.host, check);
    const isShort = await meetings.endsEarly(host, slot, createAttemptContext(input).startCall());
    const { notHonored = [], ...others } = meeting;
    const lacking = notHonored.filter((setting) => setting !== 'duration');
    const now: readonly SettingName[] = isShort ? [...lacking, 'duration'] : lacking;
    return now.length > 0 ? { ...others, notHonored: [...now] } : others;
  };

  /** A repeated attempt must not end a meeting that people have opened again. */
  const endOnce = async (input: Owned<EndMeetingInput>): Promise<void> => {
    const { key, organization, meeting, slot } = input;
    await effectOnce<EndResult>(
      ledger,
      { key, organization, provider, operation: 'meetings.end', request: { meeting: meeting.id, slot } },
      createAttemptContext(input),
      {
        kind: 'idempotent',
        result: endResultSchema,
        providerId: () => meeting.id,
        perform: async (call) => {
          const host = await openHostOf(input, end);
          return { outcome: (await meetings.end?.(host, meeting.id, call)) ?? 'not_open' };
        },
      },
    );
  };

  const removeOnce = (input: Owned<RemoveMeetingInput>): Promise<UndoResult> => {
    const { keys, organization, auditionId } = input;
    const context = createAttemptContext(input);
    return undoEach(keys, async (key) => {
      const target = await ledger.targetOf(key);
      const [around, host] =
        target?.kind === 'meeting' ? [target.slot, target.host] : [input.slot, undefined];
      return {
        ledger,
        operation: { key, organization, provider, operation: 'meetings.create' },
        context,
        steps: {
          find: async (_earlier, call) => {
            const account = await hosts.open(organization, host, find);
            const found = await meetings.find(account, meetingReference(auditionId, key), around, call);
            return found.map(({ id }) => id);
          },
          findCreates: meetings.createsOnce,
          remove: async (id, call) => meetings.remove(await hosts.open(organization, host, remove), id, call),
        },
        whenUndone: () => claims.release(key),
      };
    });
  };

  return {
    check: async (input) => {
      const host = await openHostOf(input, check);
      const call = createAttemptContext(input).startCall();
      const found = await meetings.check(host, input.meeting.id, call);
      if (found.status === 'absent') return found;
      const access = changedAccess(input.meeting, found.access);
      if (access) await correctCreation(input, access);
      const recordings = isRecordedMeeting(name) ? providers.recordings[name] : undefined;
      return {
        status: 'present',
        notHonored: recordings && (await applyConsent({ events, recordings }, input, host, call)),
        ...(access && { access }),
      };
    },
    look: async (input, call) =>
      (await meetings.check(await openHostOf(input, check), input.meeting.id, call)).status,
    ...(meetings.attendance && {
      attendance: async (input) => {
        const host = await openHostOf(input, attendance);
        const call = createAttemptContext(input).startCall();
        return meetings.attendance?.(host, input.meeting.id, call);
      },
    }),
    ...(meetings.end && { end: endOnce }),
    ...(meetings.setLeaders && {
      setLeaders: async (input: SetLeadersInput) => {
        const host = await openHostOf(input, lead);
        const call = createAttemptContext(input).startCall();
        const { alternativeHosts = [] } = input.settings ?? {};
        const emails = [...new Set([...alternativeHosts, ...input.leaders])];
        return (await meetings.setLeaders?.(host, input.meeting.id, emails, call)) ?? false;
      },
    }),
    create: createOnce,
    ...(isRegistrantMeeting(name) && {
      register: async (input: RegisterParticipantsInput, owner: MeetingOwner) => {
        const register = createRegistration({
          name,
          ledger,
          stored: registrants,
          provider: providers.registrants[name],
          issueJoinLinks,
          sender,
        });
        await register(
          input,
          await openHostOf(
            { ...input, auditionId: owner },
            operationOf(meetingVendors[name].vendor, 'registrants.add'),
          ),
        );
      },
    }),

    move: async (input) => {
      const creation = await creationOf(input);
      const { outcome } = await moveOnce(input, creation);
      if (outcome === 'superseded') return input.meeting;
      if (outcome === 'moved') return withDurationOf(input, creation);
      if (outcome === 'gone' && creation) await claims.release(creation.key);
      const meeting = await createOnce(input);
      // The participants get the link of the new meeting, so the old one must not stay open.
      if (outcome === 'host_busy' && creation) await removeOnce({ ...input, keys: [creation.key] });
      return meeting;
    },

    remove: removeOnce,
  };
};

const endResultSchema = z.object({
  outcome: z.enum(['ended', 'not_open']).describe('Whether the meeting was open'),
});
type EndResult = z.infer<typeof endResultSchema>;

const moveResultSchema = z.object({
  outcome: z
    .enum(['moved', 'gone', 'superseded', 'host_busy'])
    .describe(
      'Whether the meeting was moved, was gone, had the time of a later revision already, or has a host that is busy',
    ),
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
