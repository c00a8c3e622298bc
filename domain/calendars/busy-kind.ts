/**
 * Decides whether an event of a calendar blocks its time. The rule is the same for every provider: its folder only
 * translates the vendor's words into an `EventStatement`. The table is in docs/conflicts.md.
 */

/** `tentative`: the event blocks its time, unless the organization ignores such events. */
export const busyKinds = ['busy', 'tentative', 'free'] as const;
export type BusyKind = (typeof busyKinds)[number];

/** What an event says about the time of the calendar's owner. */
interface EventStatement {
  readonly isCancelled: boolean;
  /** `elsewhere`: the owner works in another place, and can still come. A status that is unknown here is `busy`. */
  readonly shownAs: 'free' | 'elsewhere' | 'tentative' | 'busy' | 'absent';
  /** The owner's answer, if the event is an invitation by another person. `pending`: there is no answer yet. */
  readonly answer?: 'pending' | 'tentative' | 'accepted' | 'declined' | undefined;
}

/** Returns whether the event blocks its time. Visibility does not matter: a private event blocks as a public one. */
export const busyKindOf = ({ isCancelled, shownAs, answer }: EventStatement): BusyKind => {
  if (isCancelled || answer === 'declined') return 'free';
  switch (shownAs) {
    case 'free':
    case 'elsewhere':
      return 'free';
    case 'tentative':
      return 'tentative';
    case 'absent':
      return 'busy';
    case 'busy':
      return answer === 'pending' || answer === 'tentative' ? 'tentative' : 'busy';
  }
};
