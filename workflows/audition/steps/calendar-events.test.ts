import { expect, it } from 'vitest';
import { auditionPlan, slotIn } from '../../../tests/harness/audition-plan.ts';
import { contentOf } from './calendar-events.ts';

const now = Date.parse('2026-11-24T09:00:00.000Z');
const plan = auditionPlan(now);
const remindersOf = (policy: Partial<typeof plan.policy>) =>
  contentOf(
    { plan: { ...plan, policy: { ...plan.policy, ...policy } }, journal: { view: {} } },
    slotIn(24, now),
    1,
  ).reminders;

it('the events of an audition have the reminders of its policy, and none by default', () => {
  expect(remindersOf({ calendarReminders: [3_600_000] })).toEqual([3_600_000]);
  expect(remindersOf({})).toEqual([]);
});

it('the events of an audition say nothing about reminders when the policy leaves them to the calendars', () => {
  expect(remindersOf({ calendarReminders: 'calendar_default' })).toBeUndefined();
});

it('the events of an audition that an earlier version has planned say nothing about reminders', () => {
  expect(remindersOf({ calendarReminders: undefined })).toBeUndefined();
});
