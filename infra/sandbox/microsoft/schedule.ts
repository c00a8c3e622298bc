/** Implements getSchedule: when mailboxes are busy, and their working hours. */
import { z } from 'zod';
import type { MicrosoftSandboxSettings } from '../settings.ts';
import { dayMs } from '../time.ts';
import type { Calendars } from './calendars.ts';
import { GraphError } from './errors.ts';
import { dateTimeZoneSchema, readTime, renderTime, zoneOf } from './event-time.ts';
import { isPersonal } from './person.ts';
import type { Preferences } from './preferences.ts';
import type { Rooms } from './rooms.ts';

export const scheduleRequestSchema = z.strictObject({
  schedules: z.array(z.string()).min(1).max(20),
  startTime: dateTimeZoneSchema,
  endTime: dateTimeZoneSchema,
  availabilityViewInterval: z.int().min(5).max(1440).default(30),
});

const longestMs = 62 * dayMs;

/** https://learn.microsoft.com/graph/api/resources/scheduleinformation */
const viewDigits: Readonly<Record<string, number>> = { tentative: 1, busy: 2, oof: 3, workingElsewhere: 0 };

const minuteMs = 60_000;

/** Returns the working hours of a mailbox. A zone that the owner has defined has rules and no Windows name. */
const workingHours = (zone: string) => ({
  daysOfWeek: ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'],
  startTime: '08:00:00.0000000',
  endTime: '17:00:00.0000000',
  timeZone:
    zoneOf(zone) === undefined
      ? {
          '@odata.type': '#microsoft.graph.customTimeZone',
          bias: 480,
          name: 'Customized Time Zone',
          standardOffset: {
            time: '02:00:00.0000000',
            dayOccurrence: 1,
            dayOfWeek: 'sunday',
            month: 11,
            year: 0,
          },
          daylightOffset: {
            daylightBias: -60,
            time: '02:00:00.0000000',
            dayOccurrence: 2,
            dayOfWeek: 'sunday',
            month: 3,
            year: 0,
          },
        }
      : { name: zone },
});

/** Answers getSchedule. A mailbox that does not exist has an error in its part of the answer. */
export const answerSchedule = (
  request: z.infer<typeof scheduleRequestSchema>,
  account: string,
  preferences: Preferences,
  calendars: Calendars,
  settings: MicrosoftSandboxSettings,
  rooms: Pick<Rooms, 'find'>,
) => {
  if (isPersonal(account)) {
    throw new GraphError(
      404,
      'MailboxNotEnabledForRESTAPI',
      'The mailbox is either inactive, soft-deleted, or is hosted on-premise.',
    );
  }
  const from = readTime(request.startTime, settings.unknownZones);
  const until = readTime(request.endTime, settings.unknownZones);
  if (until <= from || until - from > longestMs) {
    throw new GraphError(400, 'ErrorInvalidParameter', 'The requested time window is invalid.');
  }
  const interval = request.availabilityViewInterval * minuteMs;
  if (interval > until - from) {
    throw new GraphError(
      400,
      'ErrorInvalidParameter',
      'The availability view interval is longer than the window.',
    );
  }
  return request.schedules.map((scheduleId) => {
    const shares = rooms.find(scheduleId)?.shares ?? 'events';
    if (shares === 'none') {
      return {
        scheduleId,
        error: {
          message: 'The caller does not have access to the free/busy information.',
          responseCode: 'ErrorNoFreeBusyAccess',
        },
      };
    }
    const owned = calendars
      .of(rooms.find(scheduleId)?.email ?? scheduleId)
      .find(({ isDefault }) => isDefault);
    if (!owned) {
      return {
        scheduleId,
        error: {
          message: 'Unable to resolve e-mail address to an Active Directory object.',
          responseCode: 'ErrorMailRecipientNotFound',
        },
      };
    }
    const events = [...owned.events.values()].filter(
      ({ deleted, type, startMs, endMs, details }) =>
        !deleted && type !== 'seriesMaster' && endMs > from && startMs < until && details.showAs !== 'free',
    );
    const view = Array.from({ length: Math.ceil((until - from) / interval) }, (_, index) => {
      const [begins, ends] = [from + index * interval, from + (index + 1) * interval];
      const inside = events.filter(({ startMs, endMs }) => startMs < ends && endMs > begins);
      return Math.max(0, ...inside.map(({ details }) => viewDigits[details.showAs ?? 'busy'] ?? 2));
    });
    const availabilityView = view.join('');
    if (shares === 'busy') return { scheduleId, availabilityView };
    return {
      scheduleId,
      availabilityView,
      scheduleItems: events.map(({ startMs, endMs, details }) => ({
        isPrivate: details.sensitivity === 'private',
        status: details.showAs ?? 'busy',
        ...(details.sensitivity === 'private' ? {} : { subject: details.subject }),
        start: renderTime(startMs, preferences.zone),
        end: renderTime(endMs, preferences.zone),
      })),
      workingHours: workingHours(settings.timeZone),
    };
  });
};
