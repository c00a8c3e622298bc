/**
 * The reminders that calendar programs show for the events of an audition. The reminders that this service sends itself are
 * independent of them.
 */
import { z } from 'zod';
import { Refusal } from '../errors.ts';
import { parseDuration } from '../time/durations.ts';
import { day, minute } from '../time/units.ts';
import { isoDurationSchema } from './request-parts.ts';

/** Google accepts five, between 0 and 40,320 minutes: https://developers.google.com/workspace/calendar/api/v3/reference/events#reminders.overrides */
const mostReminders = 5;
const longestReminder = 28 * day;

export const calendarRemindersSchema = z
  .union([
    z.literal('calendar_default').describe('The reminders that the owner of each calendar has set for it'),
    z
      .array(isoDurationSchema)
      .max(mostReminders)
      .describe('How long before the start, in whole minutes, P28D at most. Empty: none'),
  ])
  .describe(
    'The reminders of the events that are written to connected calendars. Outlook has one for each event, the last of these. Default: none, because this service sends reminders itself',
  );
type CalendarRemindersSetting = z.infer<typeof calendarRemindersSchema>;

/** `calendar_default`: those of the calendar. Otherwise milliseconds before the start, the earliest first. */
export type CalendarReminders = 'calendar_default' | readonly number[];

/** The setting as plans contain it. */
export const storedCalendarRemindersSchema = z.union([
  z.literal('calendar_default'),
  z.array(z.number()).readonly(),
]);

/**
 * Returns the setting with its durations in milliseconds, each once.
 * @param pointer JSON pointer of the setting in the request
 * @throws Refusal `invalid_body` with the JSON pointer of the duration
 */
export const resolveCalendarReminders = (
  setting: CalendarRemindersSetting,
  pointer = '/policy/calendarReminders',
): CalendarReminders => {
  if (setting === 'calendar_default') return setting;
  const offsets = setting.map((text, index) => {
    const pointers = [`${pointer}/${index}`];
    const ms = parseDuration(text, pointers);
    if (ms <= longestReminder && ms % minute === 0) return ms;
    throw new Refusal(
      'invalid_body',
      `"${text}" is not a duration of whole minutes, of at most 28 days.`,
      'Write a duration such as PT30M or P1D.',
      pointers,
    );
  });
  return [...new Set(offsets)].sort((a, b) => b - a);
};
