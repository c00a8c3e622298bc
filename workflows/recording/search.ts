/** Looks for a recording while an operator is asked about it: a provider that sends no webhook cannot report it. */
import { ActivityFailure, CancellationScope, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { FindRecordingsResult, RecordingCall } from '../../activities/contract.ts';
import { day } from '../../domain/time/units.ts';
import { providerActivities } from './activities.ts';
import { looksPatch } from './patches.ts';

const lookMs = day;
/**
 * Teams offers a recording that it could not upload for 21 days, and the organizer can upload it until then:
 * https://learn.microsoft.com/microsoftteams/tmr-meeting-recording-change
 */
const lookCount = 21;

/** A search in the background. */
export interface Search {
  /** Returns whether the provider has a file that can be stored. */
  readonly hasFound: () => boolean;
  readonly end: () => void;
}

/**
 * Lists the recordings once a day, until there is a file to store. A listing that fails is repeated the next day. Undefined where the
 * provider reports recordings.
 * @param found the last listing
 */
export const searchBeside = (
  call: RecordingCall,
  found: FindRecordingsResult | undefined,
): Search | undefined => {
  const { laterFiles } = found ?? {};
  if (laterFiles === undefined || laterFiles === 'reported' || !patched(looksPatch)) return undefined;
  let hasFound = false;
  const look = async (): Promise<void> => {
    for (let number = 1; number <= lookCount && !hasFound; number += 1) {
      await sleep(lookMs, { summary: 'Until the provider is asked again, beside the operator' });
      hasFound = await isListed(call);
    }
  };
  const scope = new CancellationScope();
  void scope.run(look).catch((error: unknown) => {
    if (!isCancellation(error)) throw error;
  });
  return { hasFound: () => hasFound, end: () => scope.cancel() };
};

const isListed = async (call: RecordingCall): Promise<boolean> => {
  try {
    const { recordings } = await providerActivities(call, 'Look for recordings').findRecordings({
      ...call,
      checkTrash: false,
    });
    return recordings.some(({ toStore }) => toStore.length > 0);
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return false;
  }
};
