/**
 * Creates a hosted meeting with the first host that can take it. A host takes one meeting at a time: it is claimed in the
 * database before the call to the vendor, and released when the meeting is removed.
 */
import type { HostClaims } from '../../db/meetings/host-claims.ts';
import type { Meeting } from '../../domain/audition/meeting.ts';
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import { mayHaveTakenEffect, ProviderError } from '../../domain/errors.ts';
import { type HostedMeetingName, meetingVendors, type VendorName } from '../../domain/providers/vendors.ts';
import { operationOf } from '../../providers/operations.ts';
import type {
  CallContext,
  CreatedMeeting,
  HostAccount,
  MeetingProvider,
  MeetingSpec,
} from '../../providers/ports.ts';
import type { CreateMeetingInput } from '../contract.ts';
import type { HandOver } from '../effects/steps.ts';
import type { MeetingHosts, NamedHost } from './meeting-hosts.ts';
import type { Owned } from './meeting-steps.ts';

interface HostedCreation {
  readonly input: Omit<Owned<CreateMeetingInput>, 'hasFallback'>;
  readonly spec: MeetingSpec;
  /** The host of an earlier attempt. It is tried first. */
  readonly earlier?: MeetingHost | undefined;
}

interface Parts {
  readonly name: HostedMeetingName;
  readonly provider: MeetingProvider;
  readonly hosts: MeetingHosts;
  readonly claims: HostClaims;
}

/**
 * Returns the function that creates the meeting. Organizations without hosts share the default hosts of the service.
 *
 * @throws {ProviderError} of the first host whose owner must connect it again, or else of the last host that failed.
 *   `conflict` with the code `hosts_busy` when every host has another meeting at that time.
 */
export const createHostedCreation = ({ name, provider, hosts, claims }: Parts) => {
  const { vendor } = meetingVendors[name];
  const create = operationOf(vendor, 'meetings.create');

  return async (
    creation: HostedCreation,
    handOver: HandOver,
    call: CallContext,
    attempt: number,
  ): Promise<Meeting> => {
    const { input, spec, earlier } = creation;
    const { key, organization, auditionId, slot, revision } = input;
    const chosen = await hosts.chosen(
      organization,
      [earlier, input.host].filter((host) => host !== undefined),
      create,
      call,
    );

    const claim = ({ account, otherNames }: NamedHost) =>
      claims.claim(
        { key, auditionId, vendor, host: account, otherNames, slot, revision },
        { kind: 'attempt', attempt },
      );

    const createWith = async ({ host }: NamedHost): Promise<Meeting> => {
      const account: HostAccount = await hosts.open(organization, host, create);
      await handOver({ kind: 'meeting', provider: name, slot, host });
      return withSettings(await provider.create(account, spec, call));
    };

    // Keeps a large pool from being claimed one by one. The claim itself decides.
    const accounts = chosen.length > 1 ? chosen.map(({ account }) => account) : [];
    const busy = await claims.findBusy(vendor, accounts, slot, auditionId);
    const failures: ProviderError[] = [];
    for (const host of chosen) {
      if (busy.has(host.account)) continue;
      const claimed = await claim(host);
      if (claimed === 'busy') continue;
      // Fails, because this attempt no longer owns the operation.
      if (claimed === 'fenced') await handOver();
      try {
        return await createWith(host);
      } catch (error) {
        if (!(error instanceof ProviderError) || mayHaveTakenEffect(error)) throw error;
        failures.push(error);
        if (!concernsHost(error)) break;
      }
    }
    await claims.releaseAttempt(key, attempt);
    throw failureOf(failures) ?? allHostsBusy(vendor, create.name, chosen.length);
  };
};

/** Returns the meeting with the settings that it does not have. */
export const withSettings = ({ meeting, notHonored }: CreatedMeeting): Meeting =>
  notHonored.length > 0 ? { ...meeting, notHonored: [...notHonored] } : meeting;

/** Whether another host may succeed. A vendor that is down, or that limits the rate of an account, refuses all of them. */
const concernsHost = ({ fault }: ProviderError): boolean =>
  fault.kind !== 'outage' && fault.kind !== 'retry' && fault.kind !== 'retry_after';

/** The audition resumes by itself when the owner connects the account again, so this failure says the most. */
const failureOf = (failures: readonly ProviderError[]): ProviderError | undefined =>
  failures.find(({ fault, connection }) => fault.kind === 'reconnect' && connection) ?? failures.at(-1);

const allHostsBusy = (vendor: VendorName, operation: string, count: number): ProviderError =>
  new ProviderError(
    vendor,
    operation,
    { kind: 'conflict' },
    {
      code: 'hosts_busy',
      message: `all ${count} hosts have another meeting at that time: add a host or choose another time`,
    },
  );
