/** Names the reminders of an event, to mark the event with those that were written last. */

/** Returns a text such as `1440,30`, or `none`. Reminders are in minutes before the start. */
export const reminderText = (reminders: readonly number[]): string => reminders.join(',') || 'none';
