/** What the calendar part of an email does with the recipient's entry. `none`: the email has no such part. */
export const calendarParts = ['REQUEST', 'CANCEL', 'none'] as const;
export type CalendarPart = (typeof calendarParts)[number];
