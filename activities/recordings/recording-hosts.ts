/** Opens the account that hosts a meeting, with which its recordings are read. */
import { meetingVendors } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type { HostAccount } from '../../providers/ports.ts';
import type { RecordingCall } from '../contract.ts';
import { createMeetingHosts } from '../meetings/meeting-hosts.ts';
import type { RecordingDependencies } from './dependencies.ts';

/**
 * Returns the function that opens the host of a meeting, as the ledger has recorded it with the creation. Without a record,
 * it is the default host of the service.
 *
 * @throws {ProviderError} `reconnect` when the account of the host is not connected any more.
 */
export const createRecordingHosts =
  (dependencies: RecordingDependencies) =>
  async ({ organization, auditionId, provider, meetingId }: RecordingCall): Promise<HostAccount> => {
    const effects = await dependencies.repositories.ledger.standingEffects(auditionId);
    const creation = effects.findLast(
      ({ target, providerId }) =>
        target.kind === 'meeting' && target.provider === provider && providerId === meetingId,
    );
    const host = creation?.target.kind === 'meeting' ? creation.target.host : undefined;
    const operation = operationOf(meetingVendors[provider].vendor, 'recordings.list');
    return createMeetingHosts(dependencies, provider).open(organization, host, operation);
  };
