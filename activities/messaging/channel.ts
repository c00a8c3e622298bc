/** The interface of a notice channel (email, SMS): how to send a notice, and how to find out whether one was sent. */
import { z } from 'zod';
import type { CalendarPart } from '../../domain/audition/calendar-part.ts';
import type { AnyOperationName } from '../../providers/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { RetractNoticeInput, SendNoticeInput } from '../contract.ts';
import type { CallTimeouts } from '../effects/attempt.ts';
import type { EarlierAttempt, EffectSteps } from '../effects/steps.ts';

export const sentNoticeSchema = z.object({ deliveryId: z.string() });
export type SentNotice = z.infer<typeof sentNoticeSchema>;

/** A notice with what was looked up for it. */
export interface PreparedNotice extends SendNoticeInput {
  /** Undefined for channels without calendar parts. */
  readonly calendarPart?: CalendarPart | undefined;
}

/** @param units what the message takes of the budget: segments of a text message, or 1 email */
type BeforeHandOver = (units: number) => Promise<void>;

export interface NoticeChannel {
  readonly provider: string;
  readonly operation: AnyOperationName;
  readonly timeouts: CallTimeouts;
  /**
   * Returns the steps of sending this notice, for `effectOnce`.
   * @param beforeHandOver must be awaited immediately before each hand-over. It says when the notice must not be sent.
   */
  readonly steps: (input: PreparedNotice, beforeHandOver: BeforeHandOver) => EffectSteps<SentNotice>;
  /**
   * Returns whether the notice of `key`, which an attempt started and never recorded, may have reached the recipient.
   */
  readonly mayHaveArrived: (
    key: string,
    input: RetractNoticeInput,
    earlier: EarlierAttempt,
    call: CallContext,
  ) => Promise<boolean>;
}
