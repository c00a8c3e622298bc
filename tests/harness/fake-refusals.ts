import { toEpochMs } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { hour } from '../../domain/time/units.ts';

/** Like `sender_alerts`: the first refused message of all raises the attention item about the sender. */
export const createFakeRefusals = (now: () => Instant) => {
  let holder: string | undefined;
  return (key: string) => {
    holder ??= key;
    return { retryAt: toEpochMs(now()) + hour, raisesAlert: holder === key };
  };
};
