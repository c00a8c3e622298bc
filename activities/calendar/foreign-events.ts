/**
 * Tells the events of calendars that can conflict with the slot of an audition from our own events. Both the claim of a slot
 * and the synchronisation after the booking use it.
 */
import type { SlotHolds } from '../../db/auditions/slot-holds.ts';
import type { WrittenEvents } from '../../db/calendars/written-events.ts';
import { type EventRules, takesTime } from '../../domain/audition/conflict-rules.ts';
import { auditionOfInvitation, invitationUidOf } from '../../domain/audition/invitation-uid.ts';
import type { BusyKind } from '../../domain/calendars/busy-kind.ts';
import type { AuditionId } from '../../domain/ids.ts';
import { isCopy } from '../../providers/event-copies.ts';
import type { EventCreation } from '../../providers/ports.ts';
import { eventIdFor } from '../effects/deterministic-ids.ts';

/** What an event, or a busy time, says about where it comes from. */
export interface EventOrigin {
  readonly busy: BusyKind;
  /** The ids and the UID of the event, as far as they are known. */
  readonly ids: readonly string[];
  /** The audition that the event's mark names, if the id of the event proves it. */
  readonly audition: AuditionId | undefined;
  /** By which a copy of an event of ours is told from it. Undefined: the id tells it. */
  readonly creation?: EventCreation | undefined;
  /** Whether the calendar only counts as busy. */
  readonly isBusyOnly: boolean;
}

interface Judged {
  /** Undefined: no audition has events that are its own. */
  readonly auditionId?: AuditionId | undefined;
  readonly tentative: EventRules['tentative'];
}

/** Creates the function. It reads the database only when there are events of others. */
export const createForeignEvents =
  ({
    holds,
    writtenEvents,
  }: {
    readonly holds: Pick<SlotHolds, 'findKnown'>;
    readonly writtenEvents: Pick<WrittenEvents, 'findUids' | 'findCreations'>;
  }) =>
  /**
   * Returns the events that take their time and are not ours: neither the event of the audition and its copies, nor events
   * of our other auditions, whose holds tell when they need the calendar. In a calendar that only counts as busy, other
   * auditions count: no hold tells when they need it.
   */
  async <Event extends EventOrigin>(
    { auditionId, tentative }: Judged,
    marked: readonly Event[],
  ): Promise<readonly Event[]> => {
    const events = await withoutCopiedMarks(writtenEvents, marked);
    const isOwnId = auditionId === undefined ? () => false : ownIdOf(auditionId);
    const unknown = events.filter(
      ({ busy, ids, audition }) =>
        takesTime(busy, { tentative }) &&
        (audition === undefined || audition !== auditionId) &&
        !ids.some(isOwnId),
    );
    if (unknown.length === 0) return [];
    // A vendor that chooses the UID of our event publishes its copies under it.
    const ownUids = auditionId === undefined ? noUids : await writtenEvents.findUids(auditionId);
    const others = unknown.filter(({ ids }) => !ids.some((id) => ownUids.has(id)));
    const heldBy = (event: Event): AuditionId | undefined =>
      event.isBusyOnly ? undefined : auditionOf(event);
    const named = others.flatMap((event) => heldBy(event) ?? []);
    const known = named.length === 0 ? new Set<string>() : await holds.findKnown([...new Set(named)]);
    return others.filter((event) => !known.has(heldBy(event) ?? ''));
  };

/** Creates the function that returns a test of UIDs: whether an event with the UID can be one of ours, so far as UIDs tell it. */
export const createOwnUids =
  ({ writtenEvents }: { readonly writtenEvents: Pick<WrittenEvents, 'findUids'> }) =>
  async (auditionId: AuditionId): Promise<(uid: string) => boolean> => {
    const [isOwnId, ownUids] = [ownIdOf(auditionId), await writtenEvents.findUids(auditionId)];
    return (uid) => isOwnId(uid) || ownUids.has(uid) || auditionOfInvitation(uid) !== undefined;
  };

/** A copy that a person has made of an event of ours has its marks, and is that person's own event. */
const withoutCopiedMarks = async <Event extends EventOrigin>(
  writtenEvents: Pick<WrittenEvents, 'findCreations'>,
  events: readonly Event[],
): Promise<readonly Event[]> => {
  const auditions = events.flatMap(({ audition, creation }) => (audition && creation ? [audition] : []));
  if (auditions.length === 0) return events;
  const known = await writtenEvents.findCreations(auditions);
  return events.map((event) => {
    const { audition, creation } = event;
    if (!audition || !creation || !isCopy(creation, known.get(audition) ?? [])) return event;
    return { ...event, ids: [creation.uid], audition: undefined };
  });
};

const noUids: ReadonlySet<string> = new Set();

/** In a calendar that is only read, our event can be the invitation that its owner has accepted by email. */
const auditionOf = ({ audition, ids }: EventOrigin): AuditionId | undefined =>
  audition ?? ids.map(auditionOfInvitation).find((invited) => invited !== undefined);

/**
 * Returns the function that recognizes the ids under which calendars hold the event of the audition. An event that a person
 * has deleted at Google is written again with a number after its id. The CalDAV account of several participants can have it with a digest of
 * the calendar after its id. Google publishes the event `x` under the UID
 * `x@google.com`: https://developers.google.com/workspace/calendar/api/v3/reference/events (`iCalUID`).
 */
const ownIdOf = (auditionId: AuditionId): ((id: string) => boolean) => {
  const uid = invitationUidOf(auditionId);
  const written = new RegExp(`^${eventIdFor(auditionId)}(v\\d+|-[0-9a-f]{12})?(@google\\.com)?$`);
  return (id) => id === uid || written.test(id);
};
