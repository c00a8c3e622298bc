/**
 * Rejects settings that are unsafe in `staging` and `production`: secrets that are public because this
 * repository contains them, and addresses that lead back to the machine itself.
 */
import { BlockList, isIP } from 'node:net';
import type { ConfigurationProblem } from './configuration-error.ts';
import { serviceVariables } from './defaults.ts';
import { masterKeyRing } from './master-keys.ts';
import type { VariableGroup, VariableValues } from './variable-group.ts';
import { formOf } from './variable-types.ts';

/** Placeholder passwords. */
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

const secretsOf = (value: string | undefined): readonly string[] =>
  value === undefined ? [] : value.split(',').map((secret) => secret.trim());

function* credentialProblems(
  values: VariableValues,
  { shape, local, credentials = [], passwordAddresses = [] }: VariableGroup,
): Generator<ConfigurationProblem> {
  // A secret can be one of a list, and a published one can be set as another variable, such as the previous token.
  const published = new Set(credentials.flatMap((name) => secretsOf(local?.[name])));
  for (const name of credentials) {
    if (secretsOf(values[name]).some((secret) => published.has(secret) || placeholder.test(secret))) {
      yield { name, message: `is a default that anyone can read. Set it to ${formOf(shape[name])}.` };
    }
  }
  for (const name of passwordAddresses) {
    const password = address(values[name])?.password;
    if (password !== undefined && password !== '' && placeholder.test(decodeURIComponent(password))) {
      yield {
        name,
        message: 'has a default password. Choose a secret one and set it here and at the server.',
      };
    }
  }
}

function* addressProblems(
  values: VariableValues,
  { shape, webAddresses = [], servers = {} }: VariableGroup,
): Generator<ConfigurationProblem> {
  for (const name of webAddresses) {
    const url = address(values[name]);
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
    const url = address(values[name]);
    if (url !== undefined && isLoopbackHost(url.hostname)) {
      yield { name, message: `leads back to this machine. Set it to the real ${what}.` };
    }
  }
}

function* temporalProblems(values: VariableValues): Generator<ConfigurationProblem> {
  const temporal = values['TEMPORAL_ADDRESS']?.replace(/:\d+$/, '');
  if (temporal !== undefined && isLoopbackHost(temporal)) {
    yield { name: 'TEMPORAL_ADDRESS', message: 'leads back to this machine. Set it to the real server.' };
  }
}

/** `prefer` and `allow` fall back to clear text. `pg` treats `require` as `verify-full`. */
const encryptedModes: ReadonlySet<string> = new Set(['require', 'verify-ca', 'verify-full', 'no-verify']);

/** `pg` uses `ssl` only without `sslmode`, and the last of several. */
const usesTls = (parameters: URLSearchParams): boolean => {
  const mode = parameters.getAll('sslmode').at(-1);
  if (mode !== undefined) return encryptedModes.has(mode);
  return ['true', '1'].includes(parameters.getAll('ssl').at(-1) ?? '');
};

/** A path as host is a Unix socket: its bytes do not leave the machine. */
const isEncryptedDatabase = ({ searchParams, hostname }: URL): boolean =>
  usesTls(searchParams) ||
  (searchParams.getAll('host').at(-1) ?? decodeURIComponent(hostname)).startsWith('/');

const temporalTlsVariables = [
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS_SERVER_NAME',
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
] as const;

/** Clear text must be an answer, with its reason, and no oversight. */
function* clearTextProblems(values: VariableValues): Generator<ConfigurationProblem> {
  for (const name of ['DATABASE_URL', 'KEY_DATABASE_URL']) {
    const database = address(values[name]);
    if (!database || isEncryptedDatabase(database) || values['DATABASE_CLEAR_TEXT_REASON'] !== undefined) {
      continue;
    }
    yield {
      name,
      message:
        'is not encrypted. Add ?sslmode=verify-full to it, or say in DATABASE_CLEAR_TEXT_REASON why clear text is safe.',
    };
  }
  const isTemporalEncrypted =
    values['TEMPORAL_TLS'] === 'true' || temporalTlsVariables.some((name) => values[name] !== undefined);
  if (
    values['TEMPORAL_ADDRESS'] !== undefined &&
    !isTemporalEncrypted &&
    values['TEMPORAL_CLEAR_TEXT_REASON'] === undefined
  ) {
    yield {
      name: 'TEMPORAL_TLS',
      message:
        'is not set, so the connection is not encrypted. Set it to true, or say in TEMPORAL_CLEAR_TEXT_REASON why clear text is safe.',
    };
  }
  const mail = address(values['SMTP_URL']);
  const weakening = [...(mail?.searchParams.keys() ?? [])].find((name) =>
    /^(tls\b|ignoreTLS|requireTLS|secure)/i.test(name),
  );
  if (weakening !== undefined) {
    yield {
      name: 'SMTP_URL',
      message: `changes the encryption with "${weakening}". Remove it: mail is sent over TLS only, and certificates are verified.`,
    };
  }
  if (values['SMTP_TLS'] === 'optional') {
    yield { name: 'SMTP_TLS', message: 'permits clear text. Remove it, or set it to required.' };
  }
}

/** Loopback networks reach every service on the machine, including our own ports. */
function* networkProblems(values: VariableValues): Generator<ConfigurationProblem> {
  const networks = (values['ALLOWED_PRIVATE_NETWORKS'] ?? '').split(',').map((network) => network.trim());
  if (networks.some((network) => isLoopbackHost(network.replace(/\/\d+$/, '')))) {
    yield {
      name: 'ALLOWED_PRIVATE_NETWORKS',
      message: 'lets addresses from users lead back to this machine. Remove the loopback network.',
    };
  }
}

/** Rejects the public key of the local stack and keys with fewer than eight different bytes. */
function* masterKeyProblems(values: VariableValues): Generator<ConfigurationProblem> {
  const ring = masterKeyRing.safeParse(values['CASTMATCH_MASTER_KEYS']);
  const local = masterKeyRing.parse(serviceVariables.local.CASTMATCH_MASTER_KEYS);
  for (const { id, key } of ring.data ?? []) {
    const isPublicKey = local.some((publicKey) => Buffer.from(publicKey.key).equals(key));
    if (isPublicKey || new Set(key).size < 8) {
      yield {
        name: 'CASTMATCH_MASTER_KEYS',
        message: `contains the key "${id}", which is public or not random. Make a new one with: openssl rand -base64 32`,
      };
    }
  }
}

/** Returns every reason why a `staging` or `production` process must not start with these settings. */
export const deploymentProblems = (
  values: VariableValues,
  groups: readonly VariableGroup[],
): readonly ConfigurationProblem[] => [
  ...groups.flatMap((group) => [...credentialProblems(values, group)]),
  ...groups.flatMap((group) => [...addressProblems(values, group)]),
  ...temporalProblems(values),
  ...clearTextProblems(values),
  ...networkProblems(values),
  ...masterKeyProblems(values),
];
