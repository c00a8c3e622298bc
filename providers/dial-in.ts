/** Writes the telephone numbers of a meeting for people. */
import type { Meeting } from '../domain/audition/meeting.ts';

/** Longer texts are no number and code. */
const maxLength = 100;

/**
 * Returns the number and the code as one text. Without a number there is no dial-in.
 * @param code what is entered after the number, such as the id of the meeting
 */
export const dialInOf = (
  number: string | null | undefined,
  code: string | null | undefined,
): Pick<Meeting, 'dialIn'> => {
  if (!number || number.length > maxLength) return {};
  const text = code ? `${number}, ${code}#` : number;
  return text.length > maxLength ? {} : { dialIn: text };
};
