/** What a notice tells, when the time of the audition is the same. */

/**
 * - `place`: the audition takes place elsewhere.
 * - `link`: the meeting has another link.
 * - `no_link`: the meeting is gone, and there is no other.
 * - `backup`: how the audition takes place without a meeting.
 * - `meeting`: the join link leads to another meeting.
 * - `calendar`: the recipient's entry has moved from the emails to a connected calendar, or back.
 * - `declined`: the recipient has declined, and a cancellation removes only the entry.
 * - `rejoined`: the recipient does not decline any more, and gets the entry again.
 */
export const noticeChanges = [
  'place',
  'link',
  'no_link',
  'backup',
  'meeting',
  'calendar',
  'declined',
  'rejoined',
] as const;
export type NoticeChange = (typeof noticeChanges)[number];

const entryChanges: ReadonlySet<NoticeChange | undefined> = new Set(['calendar', 'declined', 'rejoined']);

/** Returns whether the notice is about the entry in the recipient's calendar, which only an email makes or removes. */
export const isByEmailOnly = (changed: NoticeChange | undefined): boolean => entryChanges.has(changed);
