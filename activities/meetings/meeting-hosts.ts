/** Chooses the hosts of meetings, and opens the accounts with which a provider is called for them. */
import type { MeetingHost } from '../../domain/audition/meeting-host.ts';
import { isTransient, ProviderError } from '../../domain/errors.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import { type HostedMeetingName, meetingVendors, type VendorName } from '../../domain/providers/vendors.ts';
import type { CallOperation } from '../../providers/operations.ts';
import type { CallContext, HostAccount, HostIdentity } from '../../providers/ports.ts';
import { openConnectionById } from '../connections/open-connection-by-id.ts';
import type { ActivityDependencies } from '../dependencies.ts';

/** A host, with what identifies its account at the vendor in all organizations. */
export interface NamedHost {
  readonly host: MeetingHost;
  readonly account: string;
  /** Other names of that account, under which earlier versions have claimed it. */
  readonly otherNames: readonly string[];
}

export interface MeetingHosts {
  /** The first default host of the service. It has the meetings that were created before hosts were recorded. */
  readonly first: MeetingHost | undefined;
  /**
   * Returns the preferred hosts, then those that the organization has chosen, in order of preference. An organization that
   * has chosen none gets the default hosts of the service.
   *
   * @throws {ProviderError} `reconnect` when there are none either
   */
  chosen(
    organization: OrganizationId,
    preferred: readonly MeetingHost[],
    operation: CallOperation,
    call: CallContext,
  ): Promise<readonly NamedHost[]>;
  /**
   * Returns the hosts with what identifies their accounts. A host that the vendor does not identify has its name only.
   *
   * @throws {ProviderError} for an outage or a limit of the vendor
   */
  named(
    organization: OrganizationId,
    hosts: readonly MeetingHost[],
    operation: CallOperation,
    call: CallContext,
  ): Promise<readonly NamedHost[]>;
  /**
   * Returns the account of the host.
   *
   * @param host undefined: the first default host of the service
   * @throws {ProviderError} `reconnect` when the organization has no such connection any more, or no host at all
   */
  open(
    organization: OrganizationId,
    host: MeetingHost | undefined,
    operation: CallOperation,
  ): Promise<HostAccount>;
}

/** Creates the hosts of one provider. */
export const createMeetingHosts = (
  {
    repositories: { meetingPreferences, connections },
    providers: { meetings },
    accessTokens,
  }: Pick<ActivityDependencies, 'providers' | 'accessTokens'> & {
    readonly repositories: Pick<ActivityDependencies['repositories'], 'meetingPreferences' | 'connections'>;
  },
  name: HostedMeetingName,
): MeetingHosts => {
  const { vendor } = meetingVendors[name];
  const ofService = (meetings[name].defaultUsers ?? []).map((user) => ({ kind: 'service', user }) as const);
  const [first] = ofService;

  const open: MeetingHosts['open'] = async (organization, host, operation) => {
    if (host?.kind === 'connection') {
      const connection = await openConnectionById(
        { connections, accessTokens },
        organization,
        { provider: vendor, connection: host.connection },
        operation.name,
      );
      return { kind: 'connected', connection };
    }
    const user = host?.user ?? first?.user;
    if (user !== undefined) return { kind: 'service', user };
    throw noHost(vendor, operation);
  };

  /** Two connections can be to one account. A connection that does not exist any more fails when it is opened. */
  const nameOf = async (organization: OrganizationId, host: MeetingHost): Promise<string> => {
    if (host.kind === 'service') return host.user.toLowerCase();
    const connection = await connections.get(organization, host.connection);
    return connection?.account?.toLowerCase() ?? host.connection;
  };

  /** Returns undefined when the vendor needs no identity, or does not know the host: its meeting then cannot be created. */
  const identityOf = async (
    organization: OrganizationId,
    host: MeetingHost,
    operation: CallOperation,
    call: CallContext,
  ): Promise<HostIdentity | undefined> => {
    const provider = meetings[name];
    if (!provider.identify) return undefined;
    try {
      return await provider.identify(await open(organization, host, operation), call);
    } catch (error) {
      if (error instanceof ProviderError && !isTransient(error.fault)) return undefined;
      throw error;
    }
  };

  const named: MeetingHosts['named'] = (organization, hosts, operation, call) =>
    Promise.all(
      hosts.map(async (host) => {
        const account = await nameOf(organization, host);
        const identity = await identityOf(organization, host, operation, call);
        return identity
          ? { host, account: identity.id, otherNames: [...new Set([account, ...identity.names])] }
          : { host, account, otherNames: [] };
      }),
    );

  return {
    first,
    named,
    chosen: async (organization, preferred, operation, call) => {
      const preferences = await meetingPreferences.get(organization);
      const ofOrganization = preferences?.hosts?.[name] ?? [];
      const others = ofOrganization.length > 0 ? ofOrganization : ofService;
      const hosts = await named(organization, [...preferred, ...others], operation, call);
      if (hosts.length === 0) throw noHost(vendor, operation);
      return [...Map.groupBy(hosts, ({ account }) => account).values()].flatMap(([first]) => first ?? []);
    },
    open,
  };
};

const noHost = (vendor: VendorName, { name }: CallOperation): ProviderError =>
  new ProviderError(
    vendor,
    name,
    { kind: 'reconnect' },
    {
      code: 'no_host',
      message: 'the organization has no host for meetings: connect an account and choose it as a host',
    },
  );
