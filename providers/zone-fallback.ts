/** Writes slots in zones that a vendor does not know. */
import type { Slot } from '../domain/audition/slot.ts';
import { ProviderError } from '../domain/errors.ts';

/** Every vendor knows it. */
const universalZone = 'UTC';

/**
 * Writes the slot. Writes it again in UTC when the vendor rejects its zone: vendors follow the IANA database at their own
 * pace, or have a list of their own. The instants stay the same; only the display at the vendor changes.
 */
export const withKnownZone = async <Spec extends { readonly slot: Slot }, Result>(
  spec: Spec,
  write: (spec: Spec) => Promise<Result>,
): Promise<Result> => {
  try {
    return await write(spec);
  } catch (error) {
    if (!isZoneRejected(error) || spec.slot.zone === universalZone) throw error;
    return write({ ...spec, slot: { ...spec.slot, zone: universalZone } });
  }
};

const isZoneRejected = (error: unknown): boolean =>
  error instanceof ProviderError &&
  error.fault.kind === 'rejected_input' &&
  /time[ _]?zone/i.test(error.vendor.message);
