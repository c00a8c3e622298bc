/**
 * Connects to servers that a person has named. It resolves the name, checks every resolved address, and connects to one
 * of the checked addresses: a later, different DNS answer (DNS rebinding) has no effect. Redirects are not followed.
 */
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import { type AddressKind, addressNotAllowed, createAddressRules } from './address-rules.ts';

interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

export type Resolve = (hostname: string) => Promise<readonly ResolvedAddress[]>;

export interface OutboundPolicy {
  /** In CIDR notation: private networks that are allowed. */
  readonly allowedPrivateNetworks: readonly string[];
  /** Resolves names. Default: the operating system's resolver. Tests replace it. */
  readonly resolve?: Resolve;
}

interface OutboundOptions extends OutboundPolicy {
  readonly agent?: Omit<Agent.Options, 'connect'>;
  readonly connect?: Pick<buildConnector.BuildOptions, 'timeout'> & { readonly ca?: string };
}

const resolveWithSystem: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * Returns a function that resolves the addresses of a server.
 *
 * @throws {Refusal} `address_not_allowed` when one of the addresses is not allowed; also whatever the resolver throws.
 */
export const createAddressResolver = ({
  allowedPrivateNetworks,
  resolve = resolveWithSystem,
}: OutboundPolicy) => {
  const kindOf = createAddressRules(allowedPrivateNetworks);
  return async (protocol: string, hostname: string): Promise<readonly ResolvedAddress[]> => {
    const literal = hostname.replace(/^\[|\]$/g, '');
    const family = isIP(literal);
    const addresses = family === 0 ? await resolve(hostname) : [{ address: literal, family }];
    const kinds = new Set<AddressKind>(addresses.map(({ address }) => kindOf(address)));
    // A single forbidden address is enough: the client would fall back to it when the others fail.
    if (kinds.has('refused') || kinds.size === 0) {
      throw addressNotAllowed(
        `${hostname} does not resolve to a public address.`,
        'Give the address of a server that can be reached from the internet.',
      );
    }
    if (protocol !== 'https:' && kinds.has('public')) {
      throw addressNotAllowed(
        `The connection to ${hostname} would not be encrypted.`,
        'Give an address that begins with https://.',
      );
    }
    return addresses;
  };
};

const lookupFrom =
  (addresses: readonly ResolvedAddress[]): LookupFunction =>
  (_hostname, { all }, done) => {
    const [first] = addresses;
    if (all) done(null, [...addresses]);
    else if (first) done(null, first.address, first.family);
  };

/**
 * Returns an undici dispatcher that connects to allowed addresses only. A request to another address fails with
 * `Refusal` `address_not_allowed`, which the client may wrap: see `isAddressNotAllowed`.
 */
export const createOutboundDispatcher = ({ agent, connect, ...policy }: OutboundOptions): Agent => {
  const addressesOf = createAddressResolver(policy);
  const connectTo = async (target: buildConnector.Options, done: buildConnector.Callback): Promise<void> => {
    try {
      const addresses = await addressesOf(target.protocol, target.hostname);
      buildConnector({ ...connect, lookup: lookupFrom(addresses) })(target, done);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)), null);
    }
  };
  return new Agent({
    ...agent,
    connect: (target, done) => {
      void connectTo(target, done);
    },
  });
};
