/**
 * Provides in-memory activities to workflow tests. They record their effects, and fail when a test injects a fault.
 * End-to-end tests do not use them.
 */
import { activityInfo } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { AuditionActivities, NoticeFacts, RecordEventsInput } from '../../activities/contract.ts';
import type { ObservedAttendance } from '../../domain/audition/attendee.ts';
import type { ReportOrder } from '../../domain/audition/calendar-change.ts';
import { changedAccess } from '../../domain/audition/changed-access.ts';
import type { StandingEffect } from '../../domain/audition/effects.ts';
import type { AuditionEvent, AuditionFactType } from '../../domain/audition/events.ts';
import { lastMoveOf } from '../../domain/audition/last-move.ts';
import type { Meeting, MeetingAccess } from '../../domain/audition/meeting.ts';
import type { SettingName } from '../../domain/audition/meeting-settings.ts';
import type { AuditionPlan } from '../../domain/audition/plan.ts';
import { planReminders } from '../../domain/audition/reminder-plan.ts';
import type { BusyInterval, Slot } from '../../domain/audition/slot.ts';
import { unfinishedEnding } from '../../domain/audition/unfinished-ending.ts';
import { foldEvents } from '../../domain/audition/view.ts';
import { writtenFactOf } from '../../domain/audition/written-event.ts';
import type { ConnectionId } from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import { attempted } from './fake-attempt.ts';
import { type FaultKind, isPermanent } from './fake-fault-kind.ts';
import { createFakeRefusals } from './fake-refusals.ts';
import type { FakeRoom } from './fake-room.ts';
import { blockersIn, chooseSlot, refused } from './fake-slots.ts';
import { createFakeTrail } from './fake-trail.ts';
import { createSentNotices, notifiedFacts, type SentNotice, type SentNotices } from './sent-notices.ts';

type ActivityName = keyof AuditionActivities;

interface Call {
  readonly activity: ActivityName;
  readonly key: string;
}

export interface FakeWorld extends SentNotices {
  readonly activities: AuditionActivities;
  readonly calls: readonly Call[];
  readonly events: readonly AuditionEvent[];
  busy: readonly BusyInterval[];
  /** Who was in the meetings. Undefined: their providers do not report it. */
  attendance: readonly ObservedAttendance[] | undefined;
  /** The settings that created meetings do not have. */
  notHonored: SettingName[] | undefined;
  /** The participants who are registered for the meeting. */
  registrants: readonly string[];
  /** The people who lead the meeting beside its host, and whether the provider permits it. */
  leaders: readonly string[];
  honorsRoles: boolean;
  /** What a move changes of the meeting. */
  movedMeeting: Partial<Meeting>;
  /** The settings that the meeting does not have after a check. Undefined: the check has changed none. */
  changedSettings?: readonly SettingName[] | undefined;
  /** How people get into the meeting now, after a person has changed it. */
  access?: MeetingAccess | undefined;
  holdsTaken: boolean;
  /** The keys of the meetings, and the events without their revision, that exist at the providers now. */
  readonly meetings: Set<string>;
  readonly calendarEvents: ReadonlySet<string>;
  /** The keys of the meetings whose creation has no fallback to another provider. */
  readonly meetingsWithoutFallback: readonly string[];
  /** The numbers of the claims that hold a slot. */
  readonly claims: ReadonlySet<number>;
  /** Whether another audition can take the held slot. */
  readonly yieldsHolds: boolean;
  /** What a run that takes over finds in the ledger. */
  effects: readonly StandingEffect[];
  /** The plan of the earlier run that a run after a reset finds. */
  adoptedPlan: AuditionPlan | undefined;
  /** The last reports about calendars, for a run that takes over. */
  reportOrders: readonly ReportOrder[];
  /** Whether a run that takes over finds that the slot is held for another cast. */
  isHeldForOtherCast: boolean;
  /** The room that the audition shares with others. Undefined: its meetings are its own. */
  room: FakeRoom | undefined;
  /** A test's hook, awaited before the effect of each activity. */
  beforeActivity: (call: Call, index: number) => Promise<void> | void;
  /** A test's hook, awaited when the events of a completed slot are written and recorded, before the result. */
  beforeResult: (activity: 'writeEvents') => Promise<void> | void;
  /**
   * Makes calls of this activity whose key contains `key` fail with this kind, until `clearFaults`. `connection` is
   * the connection that the error names.
   */
  fail(activity: ActivityName, kind: FaultKind, key?: string, connection?: ConnectionId): void;
  clearFaults(): void;
  callsOf(activity: ActivityName): readonly string[];
  factTypes(): readonly AuditionFactType[];
}

type HoldChange = Pick<RecordEventsInput, 'releaseHolds' | 'yieldHolds'>;

interface Fault extends Call {
  readonly kind: FaultKind;
  readonly connection: ConnectionId | undefined;
}

/** Returns the server's time, which can be years ahead of the real time. */
const serverTime = () => toInstant(activityInfo().currentAttemptScheduledTimestampMs);

/** Creates an empty world. */
export const createFakeWorld = (): FakeWorld => {
  const calls: Call[] = [];
  const trail = createFakeTrail();
  const meetings = new Set<string>();
  const calendarEvents = new Set<string>();
  const meetingsWithoutFallback: string[] = [];
  const sent = createSentNotices();
  const claims = new Map<number, Slot>();
  let yieldsHolds = false;
  const undone = new Set<string>();
  const runningAttempts = new Map<string, Promise<void>>();
  let faults: readonly Fault[] = [];
  const refusalOf = createFakeRefusals(serverTime);

  const faultOf = ({ activity, key }: Call): Fault | undefined =>
    faults.find((injected) => injected.activity === activity && key.includes(injected.key));

  const called = async (activity: ActivityName, key = ''): Promise<void> => {
    const call = { activity, key };
    calls.push(call);
    await world.beforeActivity(call, calls.length - 1);
    const fault = faultOf(call);
    if (!fault) return;
    throw ApplicationFailure.create({
      type: fault.kind,
      message: `${activity} failed`,
      nonRetryable: isPermanent(fault.kind),
      details: [
        {
          provider: 'fake',
          ...(fault.connection && { connection: fault.connection }),
          ...(fault.kind === 'sender_refused' ? refusalOf(key) : {}),
        },
      ],
    });
  };

  /** Like the ledger, performs an effect once per key, and never after it was undone. */
  const once = async (activity: ActivityName, key: string, effect: () => void): Promise<void> => {
    const attempt = (async () => {
      await called(activity, key);
      if (undone.has(key)) throw ApplicationFailure.nonRetryable('undone before', 'Compensated');
      effect();
    })();
    runningAttempts.set(key, attempt);
    await attempt;
  };

  /** Like the ledger's lease, makes a compensation wait for an attempt that is still running. */
  const undo = async (activity: ActivityName, key: string, existing: Set<string>) => {
    await called(activity, key);
    await Promise.allSettled([runningAttempts.get(key)]);
    undone.add(key);
    const existed = existing.delete(activity === 'removeEvent' ? eventOf(key) : key);
    return { result: existed ? ('undone' as const) : ('nothing_to_undo' as const) };
  };

  const undoAll = async (activity: ActivityName, keys: readonly string[], existing: Set<string>) => {
    const undos = [];
    for (const key of keys) undos.push(await undo(activity, key, existing));
    return undos.find(({ result }) => result === 'undone') ?? { result: 'nothing_to_undo' as const };
  };

  const unreadable = (connections: readonly ConnectionId[]) =>
    connections.flatMap((connection) => {
      const fault = faultOf({ activity: 'findBusy', key: connection });
      return fault ? [{ connection, failure: { code: fault.kind, provider: 'fake' } }] : [];
    });

  const changeHolds = ({ releaseHolds, yieldHolds }: HoldChange): void => {
    if (yieldHolds !== undefined) yieldsHolds = yieldHolds;
    if (!releaseHolds) return;
    for (const claim of claims.keys())
      if (claim <= releaseHolds.through && claim !== releaseHolds.keep) claims.delete(claim);
  };

  const deliver = (notice: SentNotice, audition: Pick<NoticeFacts, 'sequence'>) =>
    once('sendNotice', notice.key, () => sent.add(notice, audition));

  const world: FakeWorld = {
    calls,
    get events() {
      return trail.events;
    },
    busy: [],
    attendance: undefined,
    room: undefined,
    notHonored: undefined,
    registrants: [],
    leaders: [],
    honorsRoles: true,
    movedMeeting: {},
    holdsTaken: false,
    effects: [],
    adoptedPlan: undefined,
    reportOrders: [],
    isHeldForOtherCast: false,
    beforeActivity: () => undefined,
    beforeResult: () => undefined,
    meetings,
    calendarEvents,
    meetingsWithoutFallback,
    ...sent.notices,
    get claims() {
      return new Set(claims.keys());
    },
    get yieldsHolds() {
      return yieldsHolds;
    },
    fail(activity, kind, key = '', connection) {
      faults = [...faults, { activity, kind, key, connection }];
    },
    clearFaults() {
      faults = [];
    },
    callsOf: (activity) => calls.filter((call) => call.activity === activity).map(({ key }) => key),
    factTypes: () => trail.events.map(({ fact }) => fact.type),
    activities: {
      async claimSlot(input) {
        const { trail: position, wish, claim, participants, reminders, busy, calendars, heldAs } = input;
        await called('claimSlot', String(claim));
        trail.append(position);
        const failures = unreadable(calendars.map(({ connection }) => connection));
        if (failures.length > 0) {
          // The audition asked first, so that its slot stays held.
          if (wish.kind === 'fixed' && !world.holdsTaken) claims.set(claim, wish.slot);
          return { kind: 'unreadable', failures, busy };
        }
        const now = serverTime();
        if (wish.kind === 'fixed' && wish.slot.start <= now) return refused('in_the_past');
        if (world.holdsTaken && wish.kind === 'fixed') return refused('taken');
        if (world.holdsTaken) {
          return { ...refused('nothing_free'), ...(input.rules?.policy === 'wait' ? { isHeld: true } : {}) };
        }
        const occupied = [...busy, ...(calendars.length > 0 ? world.busy : [])];
        const overridden =
          input.rules?.policy === 'override' && wish.kind === 'fixed' ? blockersIn(occupied, wish.slot) : [];
        const slot = chooseSlot(wish, overridden.length > 0 ? [] : occupied, now);
        if (!slot) {
          return wish.kind === 'fixed'
            ? { ...refused('busy'), conflict: { blockers: blockersIn(occupied, wish.slot) } }
            : refused('nothing_free');
        }
        const inSpiteOf = overridden.length > 0 ? { overridden } : {};
        claims.set(claim, slot);
        if (heldAs !== undefined) {
          trail.appendFacts([
            {
              number: heldAs,
              at: now,
              correlationId: 'test',
              fact: { type: 'slot_held', slot, revision: 1, ...inSpiteOf },
            },
          ]);
        }
        const planned = planReminders(slot, reminders, participants, now);
        return { kind: 'held', slot, reminders: planned, ...inSpiteOf };
      },
      async recordEvents({ trail: position, ifAllowed, ...holds }) {
        await called('recordEvents');
        trail.append(position);
        const wanted = ifAllowed ? [ifAllowed] : [];
        const isAllowed = trail.appendAllowed(wanted).length === wanted.length;
        if (isAllowed) changeHolds(holds);
        return { sequence: trail.events.length, ...(ifAllowed ? { isAllowed } : {}) };
      },
      async adoptTrail({ reminders, participants }) {
        await called('adoptTrail');
        if (trail.events.length === 0) return undefined;
        const view = foldEvents(trail.events);
        const last = Math.max(0, ...claims.keys());
        const held = [...claims].findLast(([, { start }]) => start === view.slot?.start);
        return {
          view,
          number: trail.lastNumber,
          effects: world.effects,
          reminders: view.slot ? planReminders(view.slot, reminders, participants, serverTime()) : [],
          claims: { last, held: held?.[0], isForOtherCast: world.isHeldForOtherCast },
          plan: world.adoptedPlan,
          movedAt: lastMoveOf(trail.events),
          unfinished: unfinishedEnding(trail.events),
          reportOrders: world.reportOrders,
        };
      },
      async findBusy({ trail: position, connection }) {
        await called('findBusy', connection);
        trail.append(position);
        return world.busy;
      },
      async writeEvent({ trail: position, key }) {
        trail.append(position);
        await once('writeEvent', key, () => calendarEvents.add(eventOf(key)));
        return { eventId: key };
      },
      async writeEvents({ trail: position, events, content, whenAllWritten }) {
        trail.append(position);
        await called('writeEvents');
        const results = await Promise.all(
          events.map((event) =>
            attempted(event.key, () =>
              once('writeEvent', event.key, () => calendarEvents.add(eventOf(event.key))),
            ),
          ),
        );
        const failed = results.flatMap((result) => ('failure' in result ? [result] : []));
        const written = results.flatMap((result) =>
          'failure' in result ? [] : [{ key: result.key, eventId: result.key }],
        );
        trail.appendFacts(
          events
            .filter(({ key }) => written.some((other) => other.key === key))
            .map(({ key, ...event }) => ({
              key,
              at: serverTime(),
              correlationId: 'test',
              fact: writtenFactOf(event, key),
            })),
        );
        if (failed.length > 0 || !whenAllWritten) return { written, failed, recorded: [] };
        const { facts, ...holds } = whenAllWritten;
        const recorded = trail.appendAllowed(facts, content.revision);
        if (recorded.length === facts.length) changeHolds(holds);
        await world.beforeResult('writeEvents');
        return { written, failed, recorded };
      },
      async bookRoom({ trail: position, key }) {
        trail.append(position);
        await once('bookRoom', key, () => calendarEvents.add(eventOf(key)));
        return { eventId: key };
      },
      async removeEvent({ trail: position, keys }) {
        trail.append(position);
        return undoAll('removeEvent', keys, calendarEvents);
      },
      async createMeeting({ trail: position, key, provider, hasFallback }) {
        trail.append(position);
        if (!hasFallback) meetingsWithoutFallback.push(key);
        await once('createMeeting', key, () => meetings.add(key));
        if (world.room) return world.room.join(key, provider);
        return {
          provider,
          id: key,
          joinUrl: `https://meet.example/${provider}`,
          ...(world.notHonored && { notHonored: world.notHonored }),
        };
      },
      async checkMeeting({ trail: position, meeting }) {
        trail.append(position);
        const fault = faultOf({ activity: 'checkMeeting', key: meeting.id });
        if (fault && isPermanent(fault.kind)) {
          calls.push({ activity: 'checkMeeting', key: meeting.id });
          return { status: 'unusable', failure: { code: fault.kind, provider: 'fake' } };
        }
        await called('checkMeeting', meeting.id);
        const { changedSettings: notHonored } = world;
        const isPresent = meeting.room === 'session' || meetings.has(meeting.id);
        const access = changedAccess(meeting, world.access);
        return {
          status: isPresent ? 'present' : 'absent',
          ...(notHonored && { notHonored }),
          ...(access && { access }),
        };
      },
      async registerParticipants({ trail: position, meeting, participants, hasOtherAddress }) {
        trail.append(position);
        const ids = participants.map(({ id }) => id).join(' ');
        await called(
          'registerParticipants',
          `${meeting.id} ${ids}${hasOtherAddress ? ' other-address' : ''}`,
        );
        world.registrants = participants.map(({ id }) => id);
      },
      async setLeaders({ trail: position, meeting, leaders }) {
        trail.append(position);
        await called('setLeaders', `${meeting.id} ${leaders.join(' ')}`);
        world.leaders = leaders;
        return { isHonored: world.honorsRoles };
      },
      async readAttendance({ trail: position, meeting }) {
        trail.append(position);
        await called('readAttendance', meeting.id);
        return world.attendance ? { attendance: world.attendance } : {};
      },
      async endMeeting({ trail: position, key }) {
        trail.append(position);
        await called('endMeeting', key);
      },
      async moveMeeting({ trail: position, key, meeting, provider }) {
        trail.append(position);
        await called('moveMeeting', key);
        if (meetings.has(meeting.id)) return { ...meeting, ...world.movedMeeting };
        meetings.add(key);
        return { provider, id: key, joinUrl: `https://meet.example/${provider}/anew` };
      },
      async removeMeeting({ trail: position, keys }) {
        trail.append(position);
        for (const key of keys) world.room?.leave(key);
        return undoAll('removeMeeting', keys, meetings);
      },
      async sendNotice({ trail: position, audition, ...notice }) {
        trail.append(position);
        await deliver(notice, audition);
        return { deliveryId: notice.key };
      },
      async sendNotices({ trail: position, notice, audition, notices: toSend }) {
        trail.append(position);
        await called('sendNotices', toSend.map(({ channel }) => channel).join(' '));
        const results = await Promise.all(
          toSend.map((one) => attempted(one.key, () => deliver(one, audition))),
        );
        const failed = results.flatMap((result) => ('failure' in result ? [result] : []));
        const delivered = toSend.filter(({ key }) => !failed.some((other) => other.key === key));
        trail.appendFacts(notifiedFacts(delivered, { notice, audition, at: serverTime() }));
        return { sent: delivered.map(({ key }) => ({ key, deliveryId: key })), failed };
      },
      async retractNotice({ trail: position, key, sentAs, audition }) {
        trail.append(position);
        sent.noteSequence(key, audition);
        await called('retractNotice', key);
        await Promise.allSettled(sentAs.flatMap((one) => runningAttempts.get(one) ?? []));
        for (const one of sentAs) undone.add(one);
        return { result: sent.retract(key, sentAs) ? 'undone' : 'nothing_to_undo' };
      },
    },
  };
  return world;
};

/** All revisions write the same event of a participant's calendar. */
const eventOf = (key: string): string => key.replace(/:r\d+(:m\d+|:added-\d+|:restored-\d+)?$/, '');
