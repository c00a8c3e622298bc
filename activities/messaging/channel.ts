/** A way to reach a person: what sending takes, and how to learn whether something was sent. */
import { z } from 'zod';
import type { CallContext } from '../../providers/ports.ts';
import type { RetractNoticeInput, SendNoticeInput } from '../contract.ts';
import type { CallTimeouts } from '../effects/attempt.ts';
import type { EarlierAttempt, EffectSteps } from '../effects/steps.ts';

export const sentNoticeSchema = z.object({ deliveryId: z.string() });
export type SentNotice = z.infer<typeof sentNoticeSchema>;

export interface NoticeChannel {
  readonly provider: string;
  readonly operation: string;
  readonly timeouts: CallTimeouts;
  /** The one effect of sending this notice. */
  readonly steps: (input: SendNoticeInput) => EffectSteps<SentNotice>;
  /** Whether the notice of `key`, begun earlier and never recorded, may have reached the recipient. */
  readonly mayHaveArrived: (
    key: string,
    input: RetractNoticeInput,
    earlier: EarlierAttempt,
    call: CallContext,
  ) => Promise<boolean>;
}
