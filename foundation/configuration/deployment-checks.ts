/**
 * What `staging` and `production` refuse: anything that is public because it stands in this repository, and any
 * address that leads back to the machine itself.
 */
import { BlockList, isIP } from 'node:net';
import type { ConfigurationProblem } from './configuration-error.ts';
import { serviceVariables } from './defaults.ts';
import { masterKeyRing } from './master-keys.ts';
import type { Given, VariableGroup } from './variable-group.ts';
import { formOf } from './variable-types.ts';

/** Words that stand for a password until somebody chooses one. */
const placeholder =
  /^(sandbox-.*|change-?me|secret|password|postgres|castmatch|test|todo|example|default|local)$/i;

const loopbackAddresses = new BlockList();
loopbackAddresses.addSubnet('127.0.0.0', 8, 'ipv4');
loopbackAddresses.addSubnet('0.0.0.0', 8, 'ipv4');
loopbackAddresses.addAddress('::1', 'ipv6');
loopbackAddresses.addAddress('::', 'ipv6');

const isLoopbackHost = (hostname: string): boolean => {
  const host = hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  const family = isIP(host);
  if (family !== 0) return loopbackAddresses.check(host, family === 4 ? 'ipv4' : 'ipv6');
  return host === 'localhost' || host.endsWith('.localhost');
};

const address = (text: string | undefined): URL | undefined =>
  text !== undefined && URL.canParse(text) ? new URL(text) : undefined;

function* credentialProblems(
  given: Given,
  { shape, local, credentials = [], passwordAddresses = [] }: VariableGroup,
): Generator<ConfigurationProblem> {
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

function* addressProblems(
  given: Given,
  { shape, webAddresses = [], servers = {} }: VariableGroup,
): Generator<ConfigurationProblem> {
  for (const name of webAddresses) {
    const url = address(given[name]);
    if (url === undefined) continue;
    if (isLoopbackHost(url.hostname)) {
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
    if (url !== undefined && isLoopbackHost(url.hostname)) {
      yield { name, message: `leads back to this machine. Set it to the real ${what}.` };
    }
  }
}

function* refusedTemporal(given: Given): Generator<ConfigurationProblem> {
  const temporal = given['TEMPORAL_ADDRESS']?.replace(/:\d+$/, '');
  if (temporal !== undefined && isLoopbackHost(temporal)) {
    yield { name: 'TEMPORAL_ADDRESS', message: 'leads back to this machine. Set it to the real server.' };
  }
}

/** The machine's own network leads to whatever listens on it, our own ports included. */
function* networkProblems(given: Given): Generator<ConfigurationProblem> {
  const networks = (given['ALLOWED_PRIVATE_NETWORKS'] ?? '').split(',').map((one) => one.trim());
  if (networks.some((network) => isLoopbackHost(network.replace(/\/\d+$/, '')))) {
    yield {
      name: 'ALLOWED_PRIVATE_NETWORKS',
      message: 'lets strangers’ addresses lead back to this machine. Take its network out.',
    };
  }
}

/** Known to all, or without any randomness: all bytes alike, or the very key of the local stack. */
function* masterKeyProblems(given: Given): Generator<ConfigurationProblem> {
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
export const deploymentProblems = (
  given: Given,
  groups: readonly VariableGroup[],
): readonly ConfigurationProblem[] => [
  ...groups.flatMap((group) => [...credentialProblems(given, group)]),
  ...groups.flatMap((group) => [...addressProblems(given, group)]),
  ...refusedTemporal(given),
  ...networkProblems(given),
  ...masterKeyProblems(given),
];
