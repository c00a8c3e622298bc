/** Stores the meetings of all hosts, and counts each host's creations and updates of the day. */
import { randomBytes, randomInt } from 'node:crypto';
import { z } from 'zod';
import type { ChangeNotifier } from '../change-notifier.ts';
import type { ZoomSandboxSettings } from '../settings.ts';
import { type Clock, dayMs, wholeSeconds } from '../time.ts';
import {
  dailyLimitMessage,
  deletedAfterEnd,
  deletedInProgress,
  noMeeting,
  validationFailed,
  ZoomError,
} from './errors.ts';
import { endMs, type MeetingBody, readStart, type StoredMeeting, storedMeetingSchema } from './meeting.ts';
import { applied, checkAlternativeHosts, passcodeOf, registrable } from './meeting-settings.ts';
import type { ZoomUsers } from './users.ts';
import { zoomZones } from './zones.ts';

const heldSchema = z.object({
  meetings: z.array(storedMeetingSchema),
  deleted: z.array(storedMeetingSchema),
  daily: z.object({ day: z.string(), requests: z.record(z.string(), z.int()) }),
});

export interface Meetings {
  /**
   * Creates a meeting.
   *
   * @throws {ZoomError} 3161 or 1001 for a host who cannot schedule, 300 for a passcode or an alternative host that the
   *   account refuses, 429 for the daily limit of the host.
   */
  create(host: string, body: MeetingBody): StoredMeeting;
  /** Returns a meeting. `get`, `update` and `remove` throw Zoom's error 3001 when it does not exist. */
  get(id: string): StoredMeeting;
  update(id: string, body: MeetingBody): void;
  remove(id: string): void;
  /**
   * @throws {ZoomError} 3002 while people are in the meeting. 3007 when it was held and its time has passed: which meetings
   *   count as ended is not documented.
   */
  checkRemovable(id: string): void;
  /** Opens or closes the meeting. */
  /** Changes a meeting as its host does by hand: without the checks and the daily limit of the API. */
  edit(id: string, change: Partial<Pick<StoredMeeting, 'password' | 'topic'>>): void;
  setStarted(id: string, isStarted: boolean): void;
  /** Starts a cloud recording, as the host does in a meeting that is open. */
  startRecording(id: string): void;
  /** Stops the cloud recording that is running. */
  stopRecording(id: string): void;
  of(host: string): readonly StoredMeeting[];
  all(): readonly StoredMeeting[];
  deleted(): readonly StoredMeeting[];
  readonly save: () => z.infer<typeof heldSchema>;
  readonly load: (value: unknown) => void;
  reset(): void;
}

/** The number of deleted meetings to keep for tests and for the page. */
const maximumDeleted = 1000;

/** Creates a store without meetings. */
export const createMeetings = (
  settings: ZoomSandboxSettings,
  clock: Clock,
  changeNotifier: ChangeNotifier,
  users: ZoomUsers,
): Meetings => {
  const byId = new Map<string, StoredMeeting>();
  const byHost = new Map<string, Map<string, StoredMeeting>>();
  let deleted: StoredMeeting[] = [];
  let daily: { day: string; requests: Record<string, number> } = { day: '', requests: {} };

  const put = (meeting: StoredMeeting) => {
    const id = String(meeting.id);
    byId.set(id, meeting);
    const ofHost = byHost.get(meeting.host) ?? new Map<string, StoredMeeting>();
    byHost.set(meeting.host, ofHost.set(id, meeting));
    changeNotifier.notify();
  };

  /**
   * Counts a creation or update of the host in the UTC day.
   *
   * @throws {ZoomError} the daily 429.
   */
  const countDaily = (host: string) => {
    const now = clock();
    const day = new Date(now).toISOString().slice(0, 10);
    if (daily.day !== day) daily = { day, requests: {} };
    const used = daily.requests[host] ?? 0;
    if (settings.dailyLimit > 0 && used >= settings.dailyLimit) {
      const midnight = (Math.floor(now / dayMs) + 1) * dayMs;
      const documented = {
        'x-ratelimit-category': 'Light',
        'x-ratelimit-type': 'Daily-limit',
        'x-ratelimit-limit': String(settings.dailyLimit),
        'x-ratelimit-remaining': '0',
        'retry-after':
          settings.retryAfter === 'timestamp'
            ? wholeSeconds(midnight)
            : String(Math.ceil((midnight - now) / 1000)),
      };
      // The values quoted in devforum 18928. They describe another limit than the exceeded one.
      const observed = {
        'x-ratelimit-category': 'Light',
        'x-ratelimit-limit': '6000',
        'x-ratelimit-remaining': '5893',
      };
      throw new ZoomError({
        status: 429,
        code: 429,
        message: dailyLimitMessage(settings.dailyLimit),
        headers: settings.dailyLimitHeaders === 'documented' ? documented : observed,
      });
    }
    daily.requests[host] = used + 1;
  };

  const checkZone = ({ timezone }: MeetingBody) => {
    if (timezone === undefined) return;
    const isKnown = settings.knownZones === 'all' || zoomZones.has(timezone);
    if (isKnown && !settings.unknownZones.includes(timezone)) return;
    throw validationFailed([{ field: 'timezone', message: 'Invalid field.' }]);
  };

  /** Undefined: there is none, or it is in the past and ignored. */
  const startOf = ({ start_time }: MeetingBody, timezone: string): number | undefined => {
    const start = start_time === undefined ? undefined : readStart(start_time, timezone);
    return start !== undefined && settings.pastStarts === 'ignored' && start < clock() ? undefined : start;
  };

  const newId = (): number => {
    const id = randomInt(80_000_000_000, 99_999_999_999);
    return byId.has(String(id)) ? newId() : id;
  };
  const get = (id: string): StoredMeeting => {
    const meeting = byId.get(id);
    if (!meeting) throw noMeeting(id);
    return meeting;
  };

  return {
    get,
    create(host, body) {
      users.checkHost(host);
      checkZone(body);
      checkAlternativeHosts(body.settings, users);
      const password = passcodeOf(body, settings);
      countDaily(host);
      const now = clock();
      const timezone = body.timezone ?? 'UTC';
      const numbers = settings.dialInNumbers.map((number) => ({ country: 'FR', number, type: 'toll' }));
      const dialIn = numbers.length > 0 ? { global_dial_in_numbers: numbers } : {};
      const meeting: StoredMeeting = {
        id: newId(),
        uuid: randomBytes(16).toString('base64'),
        host,
        type: body.type ?? 2,
        topic: body.topic ?? 'Zoom Meeting',
        agenda: body.agenda ?? '',
        startMs: startOf(body, timezone) ?? now,
        duration: body.duration ?? 60,
        timezone,
        password,
        created: now,
        updated: now,
        settings: {
          ...registrable(applied(body.settings ?? {}, settings), users.isLicensed(host)),
          ...dialIn,
        },
        isStarted: false,
        isRecording: false,
        wasHeld: false,
        trackingFields: body.tracking_fields ?? [],
      };
      put(meeting);
      return meeting;
    },
    update(id, body) {
      const held = get(id);
      users.checkHost(held.host);
      checkZone(body);
      checkAlternativeHosts(body.settings, users);
      const password = body.password === undefined ? held.password : passcodeOf(body, settings);
      countDaily(held.host);
      const timezone = body.timezone ?? held.timezone;
      put({
        ...held,
        type: body.type ?? held.type,
        topic: body.topic ?? held.topic,
        agenda: body.agenda ?? held.agenda,
        startMs: startOf(body, timezone) ?? held.startMs,
        duration: body.duration ?? held.duration,
        timezone,
        password,
        settings: applied({ ...held.settings, ...body.settings }, settings),
        trackingFields: body.tracking_fields ?? held.trackingFields,
        updated: clock(),
      });
    },
    edit(id, change) {
      put({ ...get(id), ...change, updated: clock() });
    },
    setStarted(id, isStarted) {
      const held = get(id);
      // A change of the setting does not reach a meeting that is open.
      const isRecording =
        isStarted && (held.isStarted ? held.isRecording : held.settings['auto_recording'] === 'cloud');
      put({ ...held, isStarted, isRecording, wasHeld: held.wasHeld || (held.isStarted && !isStarted) });
    },
    startRecording(id) {
      const held = get(id);
      if (held.isStarted) put({ ...held, isRecording: true });
    },
    stopRecording(id) {
      put({ ...get(id), isRecording: false });
    },
    checkRemovable(id) {
      const held = get(id);
      if (held.isStarted) throw new ZoomError(deletedInProgress);
      if (held.wasHeld && endMs(held) <= clock()) throw new ZoomError(deletedAfterEnd);
    },
    remove(id) {
      const held = get(id);
      byId.delete(id);
      byHost.get(held.host)?.delete(id);
      deleted = [...deleted.slice(1 - maximumDeleted), { ...held, updated: clock() }];
      changeNotifier.notify();
    },
    of: (host) => [...(byHost.get(host)?.values() ?? [])],
    all: () => [...byId.values()],
    deleted: () => deleted,
    save: () => ({ meetings: [...byId.values()], deleted, daily }),
    load(value) {
      const held = heldSchema.parse(value);
      for (const meeting of held.meetings) put(meeting);
      deleted = held.deleted;
      daily = held.daily;
    },
    reset() {
      byId.clear();
      byHost.clear();
      deleted = [];
      daily = { day: '', requests: {} };
      changeNotifier.notify();
    },
  };
};
