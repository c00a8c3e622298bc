/** Checks a meeting before its session: whether it exists, and whether its provider can be used. */
import { isCircuitOpen, ProviderError, type ProviderFaultKind } from '../../domain/errors.ts';
import type { CheckMeetingInput, MeetingCheck, MeetingLook } from '../contract.ts';
import { toStepFailure } from '../step-failure.ts';

/** Faults that do not pass within the seconds that the check has. Others are retried by Temporal. */
const lastingFaults: ReadonlySet<ProviderFaultKind> = new Set([
  'reconnect',
  'misconfigured',
  'not_permitted',
  'quota_exhausted',
]);

/**
 * Returns the result of the check. A provider whose circuit is open counts as unusable immediately.
 * @param look asks the provider
 * @throws the errors of the provider that may pass
 */
export const checkMeetingWith = async (
  look: (input: CheckMeetingInput) => Promise<MeetingLook>,
  input: CheckMeetingInput,
): Promise<MeetingCheck> => {
  try {
    return await look(input);
  } catch (error) {
    const isLasting =
      error instanceof ProviderError && (isCircuitOpen(error) || lastingFaults.has(error.fault.kind));
    if (isLasting) return { status: 'unusable', failure: toStepFailure(error) };
    throw error;
  }
};
