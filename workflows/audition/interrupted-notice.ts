/** Finds the notice that an earlier run was sending, so that it is sent under the same key and with the same text. */
import { type Announcement, announcements } from '../../domain/audition/announcement.ts';
import type { NoticeView } from '../../domain/audition/view.ts';
import { type Label, readLabel } from './label.ts';
import type { NoticeBatch } from './open-notices.ts';

/** What the present run knows of the audition. */
interface Present {
  readonly revision: number;
  /** Whether participants get join links, which lead to the present meeting. */
  readonly hasJoinLinks: boolean;
  readonly hasMeeting: boolean;
  /** The notices of the trail. One that was not delivered is sent on another channel. */
  readonly sent: readonly Pick<NoticeView, 'deliveryId' | 'changed'>[];
}

/**
 * Returns the notice of the present revision whose sending the ledger knows.
 * @param keys of the notices that were begun
 * @param prefixOf what the keys of this kind of notice to the recipient begin with, before the label
 */
export const interruptedNotice = (
  keys: readonly string[],
  prefixOf: (notice: Announcement) => string,
  present: Present,
): NoticeBatch | undefined => {
  for (const notice of announcements) {
    const prefix = prefixOf(notice);
    const texts = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length));
    for (const text of texts) {
      const label = readLabel(text);
      if (label?.revision !== present.revision) continue;
      const changed = notice === 'update' ? changeIn(label, present) : undefined;
      return { notice, label: text, ...(changed === undefined ? {} : { changed }) };
    }
  }
  return undefined;
};

/**
 * Returns what an update of the same slot tells, by its label. Undefined when the audition has moved. That only its place is
 * another one is not in the label: the update then states the time as well.
 */
const changeIn = (label: Label, present: Present): NoticeBatch['changed'] => {
  switch (label.kind) {
    case 'backup':
    case 'rejoined':
      return label.kind;
    case 'added':
    case 'entry':
      return 'calendar';
    case 'meeting':
      if (present.hasJoinLinks) return 'meeting';
      return present.hasMeeting ? 'link' : 'no_link';
    case 'instead':
      return present.sent.find(({ deliveryId }) => deliveryId === label.undelivered)?.changed;
    case 'slot':
      return undefined;
    // Labels of reminders, cancellations, calendar events and room bookings.
    case 'again':
    case 'reminder':
    case 'removed':
    case 'declined':
    case 'restored':
      return undefined;
  }
};
