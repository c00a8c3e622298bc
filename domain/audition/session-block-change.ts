/** What a change of a session block means for an audition whose slot was chosen from it. */
import type { SessionBlockId } from '../ids.ts';
import type { Slot, SlotSpec } from './slot.ts';

export interface SessionBlockChange {
  /** Identifies the report. It is sent at least once, and the audition applies it once. */
  readonly inboxId: string;
  /** Who has changed the block. Reports of earlier versions lack it. */
  readonly principal?: string | undefined;
  readonly block: SessionBlockId;
  /** The version of the block that the slot was compared with. */
  readonly version: number;
  /** The slot that was compared. */
  readonly slot: Pick<Slot, 'start' | 'end' | 'room'>;
  /** Why the slot is outside of the sessions of its block; `inside` when it is in one again. */
  readonly change: 'no_session' | 'other_room' | 'inside';
  /** Where the audition can move: to the next slots of the block, or to its new room. Undefined without sessions. */
  readonly next?: SlotSpec | undefined;
}
