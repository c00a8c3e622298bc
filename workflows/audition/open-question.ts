/** An open question about the present slot. */
export interface SlotQuestion {
  /** Asks again, after a move that has withdrawn the question was reverted. */
  readonly askAgain: () => void;
}
