/** The interface of a notice channel (email, SMS): how to send a notice, and how to find out whether one was sent. */
import { z } from 'zod';
import type { AnyOperationName } from '../../providers/operations.ts';
import type { CallContext } from '../../providers/ports.ts';
import type { RetractNoticeInput, SendNoticeInput } from '../contract.ts';
import type { CallTimeouts } from '../effects/attempt.ts';
import type { EarlierAttempt, EffectSteps } from '../effects/steps.ts';

export const sentNoticeSchema = z.object({ deliveryId: z.string() });
export type SentNotice = z.infer<typeof sentNoticeSchema>;

export interface NoticeChannel {
  readonly provider: string;
  readonly operation: AnyOperationName;
  readonly timeouts: CallTimeouts;
  /** Returns the steps of sending this notice, for `effectOnce`. */
  readonly steps: (input: SendNoticeInput) => EffectSteps<SentNotice>;
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
