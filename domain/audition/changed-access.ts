/** Compares how people get into a meeting with what is known. Apart from the schema, for the workflow code. */
import type { MeetingAccess } from './meeting.ts';

/**
 * Returns how people get into the meeting now, when that differs from what is known. A telephone number that the provider does not
 * name stays known.
 * @param now what the provider says. Undefined: nothing
 */
export const changedAccess = (
  known: MeetingAccess,
  now: MeetingAccess | undefined,
): MeetingAccess | undefined => {
  if (!now) return undefined;
  const dialIn = now.dialIn ?? known.dialIn;
  if (now.joinUrl === known.joinUrl && dialIn === known.dialIn) return undefined;
  return { joinUrl: now.joinUrl, ...(dialIn === undefined ? {} : { dialIn }) };
};
