/** A way to reach a person: what sending takes, and how to learn whether something was sent. */
import { z } from 'zod';
import type { CallContext } from '../../providers/ports.ts';
import type { RetractNoticeInput, SendNoticeInput } from '../contract.ts';
import type { CallTimes } from '../effects/call.ts';
import type { EarlierAttempt, EffectSteps } from '../effects/steps.ts';

export const sentSchema = z.object({ deliveryId: z.string() });
export type Sent = z.infer<typeof sentSchema>;

export interface Post {
  readonly provider: string;
  readonly operation: string;
  readonly times: CallTimes;
  /** The one effect of sending this notice. */
  readonly steps: (input: SendNoticeInput) => EffectSteps<Sent>;
  /** Whether the notice of `key`, begun earlier and never recorded, may have reached the recipient. */
  readonly mayHaveArrived: (
    key: string,
    input: RetractNoticeInput,
    earlier: EarlierAttempt,
    call: CallContext,
  ) => Promise<boolean>;
}
