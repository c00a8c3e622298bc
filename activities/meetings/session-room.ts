/**
 * The steps of a meeting that all auditions of a casting session share. An audition does not create the meeting, it begins to
 * use the room of its session; the effect that it undoes is this use. The first audition that needs the room creates its
 * meeting, under a key of the room, so that it is created once whichever attempt of whichever audition does so. The last one
 * that ends its use removes the meeting.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { Overtaken } from '../../db/errors.ts';
import {
  type AbandonedRoom,
  keyOfTime,
  type RoomName,
  type SessionRoom,
} from '../../db/meetings/session-rooms.ts';
import { presencesIn } from '../../domain/audition/attendee.ts';
import { sharedRoomOf } from '../../domain/audition/casting-session.ts';
import type { TimeRange } from '../../domain/audition/free-slots.ts';
import { type Meeting, meetingSchema } from '../../domain/audition/meeting.ts';
import {
  isMetByDefault,
  type MeetingSettings,
  namesOfSettings,
  unmetSettings,
} from '../../domain/audition/meeting-settings.ts';
import type { Slot } from '../../domain/audition/slot.ts';
import { ProviderError } from '../../domain/errors.ts';
import type { CastingSessionId, OrganizationId } from '../../domain/ids.ts';
import { type MeetingProviderName, meetingVendors, type VendorName } from '../../domain/providers/vendors.ts';
import { toEpochMs } from '../../domain/time/epoch.ts';
import { second } from '../../domain/time/units.ts';
import { sessionsIn } from '../../providers/icalendar/session-occurrences.ts';
import type { CallContext } from '../../providers/ports.ts';
import type {
  CheckMeetingInput,
  CreateMeetingInput,
  EndMeetingInput,
  MeetingLook,
  MeetingOfAudition,
  MoveMeetingInput,
  RegisterParticipantsInput,
  RemoveMeetingInput,
  UndoResult,
} from '../contract.ts';
import type { ActivityDependencies } from '../dependencies.ts';
import { createAttemptContext } from '../effects/attempt.ts';
import { requestHash } from '../effects/deterministic-ids.ts';
import { effectOnce } from '../effects/effect-once.ts';
import { undoEach } from '../effects/undo-each.ts';
import { isBusyFailure, isCompensatedFailure } from '../failures.ts';
import type { MeetingSteps } from './meeting-steps.ts';

/** The steps, for inputs of auditions. */
export interface SessionRoomSteps {
  /** Begins to use the room, and creates its meeting if there is none. Idempotent by key. */
  create(input: CreateMeetingInput): Promise<Meeting>;
  /** Moves the audition to the room of its slot, or out of the shared room to a meeting of its own. Idempotent. */
  move(input: MoveMeetingInput): Promise<Meeting>;
  /** Ends the uses, and removes meetings of keys that are no uses. The last use of a room removes its meeting. */
  remove(input: RemoveMeetingInput): Promise<UndoResult>;
  readonly check: (input: CheckMeetingInput) => Promise<MeetingLook>;
  readonly look: (meeting: MeetingOfAudition, call: CallContext) => Promise<MeetingLook['status']>;
  readonly attendance: (input: CheckMeetingInput) => ReturnType<NonNullable<MeetingSteps['attendance']>>;
  /** Ends the meeting, unless its session lasts longer than the slot. */
  readonly end: (input: EndMeetingInput) => Promise<void>;
  readonly register: (input: RegisterParticipantsInput) => Promise<void>;
}

type CreateInput = Omit<CreateMeetingInput, 'hasFallback'>;

interface Asked {
  readonly session: CastingSessionId;
  /** Whether an audition that has the present room asks for another one. */
  readonly replaces: boolean;
}

/** Another audition that is creating the meeting is waited for this long, before the activity is retried. */
const creationWaitMs = 4_000;
const firstPauseMs = 250;
/** Milliseconds until the retry. */
const creationRetryMs = 2 * second;

/** Another attempt can leave the room while this one creates its meeting. Each time, another room is joined. */
const maxRooms = 4;

/** Creates the steps. @param stepsOf returns the steps of the meetings themselves */
export const createSessionRoomSteps = (
  {
    repositories: { ledger, sessionRooms: rooms, sessionBlocks, registrants },
  }: Pick<ActivityDependencies, 'repositories'>,
  stepsOf: (provider: MeetingProviderName) => MeetingSteps,
): SessionRoomSteps => {
  /** Returns the time of the session around the slot. The slot alone, when its block has no session there any more. */
  const sessionTimeOf = async (organization: OrganizationId, slot: Slot): Promise<TimeRange> => {
    const block = slot.block && (await sessionBlocks.get(organization, slot.block));
    if (!block) return slot;
    const sessions = sessionsIn(block, { start: toEpochMs(slot.start), end: toEpochMs(slot.end) });
    return sessions.find(({ start, end }) => start <= slot.start && slot.end <= end) ?? slot;
  };

  /** Creates the meeting of the room. Waits for another audition that is creating it. */
  const createRoom = async (input: CreateInput, room: SessionRoom): Promise<Meeting> => {
    const waitEnds = performance.now() + creationWaitMs;
    for (let pauseMs = firstPauseMs; ; pauseMs *= 2) {
      try {
        return await stepsOf(room.provider).create({
          ...ofRoom(input, room, room.createdFor),
          hasFallback: false,
        });
      } catch (error) {
        const replaced = isCompensatedFailure(error) ? meetingBeingReplaced(room) : undefined;
        if (replaced) return replaced;
        if (!isBusyFailure(error)) throw error;
        if (performance.now() + pauseMs > waitEnds) throw roomIsCreated(meetingVendors[room.provider].vendor);
      }
      await pause(pauseMs);
    }
  };

  /**
   * Gives the meeting the time that its auditions need. Idempotent: the key is that of the time. A provider that cannot extend
   * the meeting makes another one, which is then the room. Undefined: another room has taken its place meanwhile.
   */
  const extend = async (
    input: CreateInput,
    useKey: string,
    room: SessionRoom,
    meeting: Meeting,
  ): Promise<Meeting | undefined> => {
    if (room.appliedRevision >= room.revision) return meeting;
    const key = keyOfTime(room, room.revision);
    const moved = await stepsOf(room.provider).move({
      ...ofRoom(input, room, room.during),
      key,
      revision: room.revision,
      meeting,
    });
    if (moved.id === meeting.id) {
      await rooms.timeApplied(room, room.revision);
      return moved;
    }
    const outcome = await rooms.succeed(room, { ...input, key: useKey }, { key, meetingId: moved.id });
    return outcome === 'settled' ? moved : undefined;
  };

  /** Joins the room and returns its meeting. */
  const joinRoom = async (input: CreateInput, { session, replaces }: Asked): Promise<Meeting> => {
    const { organization, slot, settings = {} } = input;
    const sessionTime = await sessionTimeOf(organization, slot);
    for (let attempt = 0; attempt < maxRooms; attempt += 1) {
      const joined = await rooms.join({
        ...input,
        session,
        sessionTime,
        zone: slot.zone,
        settings: digestsOf(settings),
        replaces,
      });
      // A retry finds what another attempt has recorded. An attempt for an earlier slot is not retried.
      if (joined.kind === 'fenced') throw new Overtaken(input.key, 'another_attempt');
      if (joined.kind === 'superseded') throw new Overtaken(input.key, 'undo');
      const { room, settings: wanted, abandoned } = joined;
      const meeting = await createRoom(input, room);
      const settled = await rooms.settle(room, { ...input, meetingId: meeting.id });
      // Best effort: the removal of this key, which the workflow has registered, repeats it.
      await removeRooms(input, abandoned).catch(() => undefined);
      const extended = settled === 'settled' ? await extend(input, input.key, room, meeting) : undefined;
      if (extended) return withDifferences(extended, settings, wanted, room);
    }
    throw roomIsCreated(meetingVendors[input.provider].vendor);
  };

  const create = async (input: CreateInput, asked: Asked): Promise<Meeting> => {
    const { session } = asked;
    const { key, organization, auditionId, provider, slot } = input;
    const { vendor } = meetingVendors[provider];
    const meeting = await effectOnce<Meeting>(
      ledger,
      {
        key,
        organization,
        provider: vendor,
        operation: 'meetings.create',
        request: { session, slot },
        auditionId,
        target: { kind: 'meeting', provider, slot, session },
      },
      createAttemptContext(input),
      {
        // The room's own operation is what is done once. Beginning to use a room twice is using it once.
        kind: 'idempotent',
        result: meetingSchema,
        providerId: ({ id }) => id,
        perform: () => joinRoom(input, asked),
        removeEffect: () => endUse(input, key),
      },
    );
    return { ...meeting, room: 'session' };
  };

  /** Removes meetings that no audition uses. Idempotent. */
  const removeRooms = async (
    input: Pick<RemoveMeetingInput, 'organization' | 'correlationId' | 'trail'>,
    abandoned: readonly AbandonedRoom[],
  ): Promise<UndoResult['result']> => {
    let result: UndoResult['result'] = 'nothing_to_undo';
    for (const room of abandoned) {
      const { organization, correlationId, trail } = input;
      const removed = await stepsOf(room.provider).remove({
        organization,
        correlationId,
        trail,
        auditionId: room.session,
        provider: room.provider,
        slot: { ...room.createdFor, zone: room.zone },
        keys: room.keys,
      });
      if (removed.result === 'undone') result = 'undone';
    }
    return result;
  };

  /** Ends the use of the room. In a room that others go on using, the registrants of the audition are cancelled. */
  const endUse = async (
    input: Pick<RemoveMeetingInput, 'organization' | 'auditionId' | 'correlationId' | 'trail' | 'slot'>,
    key: string,
  ): Promise<'deleted' | 'absent'> => {
    const { abandoned, kept } = await rooms.leave(key);
    for (const { meetingId, provider, session } of kept) {
      if (meetingId === undefined) continue;
      if ((await registrants.of(input.auditionId, meetingId)).length === 0) continue;
      const meeting = { provider, id: meetingId, joinUrl: '' } as const;
      await stepsOf(provider).register?.({ ...input, provider, meeting, participants: [] }, session);
    }
    await removeRooms(input, abandoned);
    return abandoned.length + kept.length > 0 ? 'deleted' : 'absent';
  };

  const endUses = (
    input: Pick<RemoveMeetingInput, 'organization' | 'auditionId' | 'correlationId' | 'trail' | 'slot'>,
    vendor: VendorName,
    keys: readonly string[],
  ): Promise<UndoResult> =>
    undoEach(keys, async (key) => {
      let isEnded = false;
      const end = async () => {
        const ended = await endUse(input, key);
        isEnded = true;
        return ended;
      };
      return {
        ledger,
        operation: { key, organization: input.organization, provider: vendor, operation: 'meetings.create' },
        context: createAttemptContext(input),
        steps: { find: async () => [key], remove: end },
        // A use begins before the provider is called, so it stands also when the ledger knows that the call had no effect.
        whenUndone: async () => {
          if (!isEnded) await end();
        },
      };
    });

  /** Ends what the audition has besides the meeting of this key: uses of rooms for earlier slots, and a meeting of its own. */
  const leaveOthers = async (input: MoveMeetingInput): Promise<void> => {
    const { auditionId, key, revision } = input;
    const uses = await rooms.usedBy(auditionId);
    const left = uses.filter((use) => use.key !== key && use.revision < revision);
    await endUses(input, meetingVendors[input.provider].vendor, [...new Set(left.map((use) => use.key))]);
    if (input.meeting.room === 'session' || input.meeting.provider === 'manual') return;
    const effects = await ledger.standingEffects(auditionId);
    const own = effects.flatMap((effect) =>
      effect.target.kind === 'meeting' && !effect.target.session && effect.key !== key ? [effect.key] : [],
    );
    if (own.length > 0)
      await stepsOf(input.meeting.provider).remove({ ...input, provider: input.meeting.provider, keys: own });
  };

  const roomOf = async ({ auditionId, meeting }: MeetingOfAudition): Promise<SessionRoom | undefined> =>
    rooms.roomOf(auditionId, meeting.id);

  return {
    create: async (input) => {
      const session = sharedRoomOf(input.settings, input.slot);
      if (!session) throw new TypeError('the audition is of no casting session');
      return create(input, { session, replaces: true });
    },

    move: async (input) => {
      const { organization, slot, settings, meeting } = input;
      const session = sharedRoomOf(settings, slot);
      if (!session) {
        const own = await stepsOf(input.provider).create({ ...input, hasFallback: false });
        await leaveOthers(input);
        return own;
      }
      const sessionTime = await sessionTimeOf(organization, slot);
      const room = await rooms.moveUse({ ...input, session, sessionTime });
      if (room === 'superseded') return meeting;
      // Otherwise an earlier attempt has joined this room already.
      if (room && room.meetingId === meeting.id) {
        const [use] = (await rooms.usedBy(input.auditionId)).filter(isOf(room));
        const moved = await extend(input, use?.key ?? input.key, room, meeting);
        if (moved) return { ...moved, room: 'session' };
      }
      const joined = await create(input, { session, replaces: false });
      await leaveOthers(input);
      return joined;
    },

    remove: async (input) => {
      const targets = await Promise.all(
        input.keys.map(async (key) => ({ key, target: await ledger.targetOf(key) })),
      );
      const isUse = ({ target }: (typeof targets)[number]) =>
        target?.kind === 'meeting' && target.session !== undefined;
      const keysOf = (found: typeof targets) => found.map(({ key }) => key);
      const uses = keysOf(targets.filter(isUse));
      const others = keysOf(targets.filter((one) => !isUse(one)));
      const ended = await endUses(input, meetingVendors[input.provider].vendor, uses);
      if (others.length === 0) return ended;
      const removed = await stepsOf(input.provider).remove({ ...input, keys: others });
      return ended.result === 'undone' ? ended : removed;
    },

    check: async (input) => {
      const room = await roomOf(input);
      // The session has another room, which the audition gets when it asks.
      if (!room || room.isLeft) return { status: 'absent' };
      return stepsOf(room.provider).check({ ...input, auditionId: room.session });
    },

    look: async (input, call) => {
      const room = await roomOf(input);
      if (!room || room.isLeft) return 'absent';
      return stepsOf(room.provider).look({ ...input, auditionId: room.session }, call);
    },

    attendance: async (input) => {
      const room = await roomOf(input);
      const attendance = room && stepsOf(room.provider).attendance;
      const observed = room && (await attendance?.({ ...input, auditionId: room.session }));
      return observed && presencesIn(observed, input.slot);
    },

    end: async (input) => {
      const room = await roomOf(input);
      if (!room || room.during.end > input.slot.end) return;
      await stepsOf(room.provider).end?.({ ...input, auditionId: room.session });
    },

    register: async (input) => {
      const room = await roomOf(input);
      if (room) await stepsOf(room.provider).register?.(input, room.session);
    },
  };
};

/** Returns digests of the settings that a provider gets. The table has them with a key: they can name people. */
const digestsOf = (settings: MeetingSettings): Readonly<Record<string, string>> =>
  Object.fromEntries(
    namesOfSettings(settings).map((name) => [
      name,
      // Everyone gets the passcode with the link.
      requestHash(name === 'passcode' ? settings.passcode?.kind : settings[name]).slice(0, digestLength),
    ]),
  );

const digestLength = 16;

/** Names the settings of the audition that the room does not have: another audition has created it with other settings. */
const withDifferences = (
  meeting: Meeting,
  settings: MeetingSettings,
  wanted: SessionRoom['settings'],
  room: SessionRoom,
): Meeting => {
  const others = unmetSettings(settings, (name) =>
    room.settings[name] === undefined ? isMetByDefault(name, settings) : room.settings[name] === wanted[name],
  );
  const notHonored = [...new Set([...(meeting.notHonored ?? []), ...others])];
  return notHonored.length > 0 ? { ...meeting, notHonored } : meeting;
};

/**
 * A host that was busy at the new time has lost the meeting to another host, and the attempt was killed before it had recorded
 * the other meeting. To extend this one again leads to the other one; the address of this one is not used.
 */
const meetingBeingReplaced = ({ provider, meetingId, appliedRevision, revision }: SessionRoom) =>
  meetingId !== undefined && appliedRevision < revision
    ? { provider, id: meetingId, joinUrl: '' }
    : undefined;

/** Returns the input of a step of the meeting itself. */
const ofRoom = <Input extends CreateInput>(input: Input, room: SessionRoom, during: TimeRange) => ({
  ...input,
  auditionId: room.session,
  key: room.key,
  provider: room.provider,
  slot: { start: during.start, end: during.end, zone: room.zone },
  revision: 1,
});

const isOf =
  ({ session, number }: RoomName) =>
  (use: RoomName): boolean =>
    use.session === session && use.number === number;

const roomIsCreated = (vendor: VendorName): ProviderError =>
  new ProviderError(
    vendor,
    'meetings.create',
    { kind: 'retry_after', delayMs: creationRetryMs },
    { message: 'another audition is creating the room of the session' },
  );
