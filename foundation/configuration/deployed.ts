/**
 * What `staging` and `production` refuse: anything that is public because it stands in this repository, and any
 * address that leads back to the machine itself.
 */
import { BlockList, isIP } from 'node:net';
import { serviceVariables } from './defaults.ts';
import { masterKeyRing } from './master-keys.ts';
import type { Problem } from './problem.ts';
import { formOf } from './variable-forms.ts';
import type { Given, VariableGroup } from './variable-group.ts';

/** Words that stand for a password until somebody chooses one. */
const placeholder =
  /^(sandbox-.*|change-?me|secret|password|postgres|castmatch|test|todo|example|default|local)$/i;

const thisMachine = new BlockList();
thisMachine.addSubnet('127.0.0.0', 8, 'ipv4');
thisMachine.addSubnet('0.0.0.0', 8, 'ipv4');
thisMachine.addAddress('::1', 'ipv6');
thisMachine.addAddress('::', 'ipv6');

const leadsBackHere = (hostname: string): boolean => {
  const host = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const family = isIP(host);
  if (family !== 0) return thisMachine.check(host, family === 4 ? 'ipv4' : 'ipv6');
  return host === 'localhost' || host.endsWith('.localhost');
};

const address = (text: string | undefined): URL | undefined =>
  text !== undefined && URL.canParse(text) ? new URL(text) : undefined;

function* refusedCredentials(
  given: Given,
  { shape, local, credentials = [], passwordAddresses = [] }: VariableGroup,
): Generator<Problem> {
  for (const name of credentials) {
    const value = given[name];
    if (value !== undefined && (value === local?.[name] || placeholder.test(value))) {
      yield { name, message: `is a default that anyone can read. Set it to ${formOf(shape[name])}.` };
    }
  }
  for (const name of passwordAddresses) {
    const password = address(given[name])?.password;
    if (password !== undefined && password !== '' && placeholder.test(decodeURIComponent(password))) {
      yield {
        name,
        message: 'has a default password. Choose a secret one and set it here and at the server.',
      };
    }
  }
}

function* refusedAddresses(
  given: Given,
  { shape, webAddresses = [], servers = {} }: VariableGroup,
): Generator<Problem> {
  for (const name of webAddresses) {
    const url = address(given[name]);
    if (url === undefined) continue;
    if (leadsBackHere(url.hostname)) {
      yield {
        name,
        message: `leads back to this machine, as the sandbox does. Set it to ${formOf(shape[name])}.`,
      };
    } else if (url.protocol === 'http:') {
      yield { name, message: 'is not encrypted. Set it to the https:// address.' };
    }
  }
  for (const [name, what] of Object.entries(servers)) {
    const url = address(given[name]);
    if (url !== undefined && leadsBackHere(url.hostname)) {
      yield { name, message: `leads back to this machine. Set it to the real ${what}.` };
    }
  }
}

function* refusedTemporal(given: Given): Generator<Problem> {
  const temporal = given['TEMPORAL_ADDRESS']?.replace(/:\d+$/, '');
  if (temporal !== undefined && leadsBackHere(temporal)) {
    yield { name: 'TEMPORAL_ADDRESS', message: 'leads back to this machine. Set it to the real server.' };
  }
}

/** The machine's own network leads to whatever listens on it, our own ports included. */
function* refusedNetworks(given: Given): Generator<Problem> {
  const networks = (given['ALLOWED_PRIVATE_NETWORKS'] ?? '').split(',').map((one) => one.trim());
  if (networks.some((network) => leadsBackHere(network.replace(/\/\d+$/, '')))) {
    yield {
      name: 'ALLOWED_PRIVATE_NETWORKS',
      message: 'lets strangers’ addresses lead back to this machine. Take its network out.',
    };
  }
}

/** Known to all, or without any randomness: all bytes alike, or the very key of the local stack. */
function* refusedMasterKeys(given: Given): Generator<Problem> {
  const ring = masterKeyRing.safeParse(given['CASTMATCH_MASTER_KEYS']);
  const local = masterKeyRing.parse(serviceVariables.local.CASTMATCH_MASTER_KEYS);
  for (const { id, key } of ring.data ?? []) {
    const known = local.some((publicKey) => Buffer.from(publicKey.key).equals(key));
    if (known || new Set(key).size < 8) {
      yield {
        name: 'CASTMATCH_MASTER_KEYS',
        message: `holds a key that anyone can guess, "${id}". Make one with: openssl rand -base64 32`,
      };
    }
  }
}

/** Every reason not to start on these settings where people rely on the service. */
export const refusalsOf = (given: Given, groups: readonly VariableGroup[]): readonly Problem[] => [
  ...groups.flatMap((group) => [...refusedCredentials(given, group)]),
  ...groups.flatMap((group) => [...refusedAddresses(given, group)]),
  ...refusedTemporal(given),
  ...refusedNetworks(given),
  ...refusedMasterKeys(given),
];
