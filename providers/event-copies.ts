/** Tells an event that we have created from its copies, at a vendor that chooses ids and copies what identifies our event. */
import type { EventCreation } from './ports.ts';

/** Returns whether the event is a copy: its creation is known as that of an event of ours with another UID. */
export const isCopy = (event: EventCreation, known: readonly EventCreation[]): boolean => {
  const same = known.filter(({ id }) => id === event.id);
  return same.length > 0 && same.every(({ uid }) => uid !== event.uid);
};
