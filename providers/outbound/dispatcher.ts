/**
 * Connections to servers that a person has named. The name is resolved here, every address it has is judged, and one
 * of these very addresses is connected to: a name that answers otherwise a moment later (DNS rebinding) gains nothing.
 * Redirects are not followed.
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
  /** In CIDR notation: what may be called although it is not public. */
  readonly allowedPrivateNetworks: readonly string[];
  /** How names are resolved; the operating system's way, unless a test has another. */
  readonly resolve?: Resolve;
}

interface OutboundOptions extends OutboundPolicy {
  readonly agent?: Omit<Agent.Options, 'connect'>;
  readonly connect?: Pick<buildConnector.BuildOptions, 'timeout'> & { readonly ca?: string };
}

const resolveWithSystem: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * The addresses of a server, each of which may be called. Throws `Refusal` `address_not_allowed` when one may not be,
 * and whatever the resolver throws.
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
    // One bad address among good ones is no accident: it waits for the good ones to fail.
    if (kinds.has('refused') || kinds.size === 0) {
      throw addressNotAllowed(
        `${hostname} does not lead to a public address.`,
        'Give the address of a server that can be reached from the internet.',
      );
    }
    if (protocol !== 'https:' && kinds.has('public')) {
      throw addressNotAllowed(
        `What goes to ${hostname} would not be encrypted.`,
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

/** Everything sent through it may throw `Refusal` `address_not_allowed`: see `isAddressNotAllowed`. */
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
