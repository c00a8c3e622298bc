/** Names the kind of device that has used a join link, coarsely: the casting office sees whether a link was passed on. */

export type Device = 'phone' | 'computer' | 'other';

/** Returns the kind of device, from the header User-Agent (RFC 9110, 10.1.5). */
export const deviceOf = (userAgent: string | undefined): Device => {
  if (userAgent === undefined) return 'other';
  if (/Mobile|Android|iPhone|iPad/i.test(userAgent)) return 'phone';
  return /Windows|Macintosh|X11|Linux|CrOS/i.test(userAgent) ? 'computer' : 'other';
};
