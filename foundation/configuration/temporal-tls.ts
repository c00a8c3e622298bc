import { readFileSync } from 'node:fs';
import type { ConfigurationProblem } from './configuration-error.ts';
import type { Variables } from './variables.ts';

/** TLS options of `NativeConnection` and `Connection`. `{}` is TLS with public certificates. */
export interface TemporalTls {
  readonly serverNameOverride?: string;
  readonly serverRootCACertificate?: Uint8Array;
  readonly clientCertPair?: { readonly crt: Uint8Array; readonly key: Uint8Array };
}

type TlsVariables = Pick<
  Variables,
  | 'TEMPORAL_API_KEY'
  | 'TEMPORAL_TLS'
  | 'TEMPORAL_TLS_SERVER_NAME'
  | 'TEMPORAL_TLS_SERVER_CA_CERT_PATH'
  | 'TEMPORAL_TLS_CLIENT_CERT_PATH'
  | 'TEMPORAL_TLS_CLIENT_KEY_PATH'
>;

const pemFiles = [
  'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_CERT_PATH',
  'TEMPORAL_TLS_CLIENT_KEY_PATH',
] as const;

/**
 * Reads the certificate files. Returns a problem for each unreadable file and each inconsistent combination.
 */
export const readTemporalTls = (
  set: TlsVariables,
): { readonly tls: TemporalTls | undefined; readonly problems: readonly ConfigurationProblem[] } => {
  const problems: ConfigurationProblem[] = [];
  const files = pemFiles.map((name) => {
    const path = set[name];
    if (path === undefined) return undefined;
    try {
      return readFileSync(path);
    } catch {
      problems.push({ name, message: 'cannot be read. Set it to the path of a readable PEM file.' });
      return undefined;
    }
  });
  if (
    (set.TEMPORAL_TLS_CLIENT_CERT_PATH === undefined) !==
    (set.TEMPORAL_TLS_CLIENT_KEY_PATH === undefined)
  ) {
    problems.push({
      name: 'TEMPORAL_TLS_CLIENT_CERT_PATH',
      message: 'and TEMPORAL_TLS_CLIENT_KEY_PATH go together. Set both or neither.',
    });
  }
  const wanted =
    set.TEMPORAL_API_KEY !== undefined ||
    set.TEMPORAL_TLS_SERVER_NAME !== undefined ||
    pemFiles.some((name) => set[name] !== undefined);
  if (set.TEMPORAL_TLS === false && wanted) {
    problems.push({
      name: 'TEMPORAL_TLS',
      message:
        'is false, but a key or a certificate is set. Set it to true, or remove the key and the certificates.',
    });
  }
  if (!wanted && set.TEMPORAL_TLS !== true) return { tls: undefined, problems };
  const [authority, certificate, key] = files;
  return {
    problems,
    tls: {
      ...(set.TEMPORAL_TLS_SERVER_NAME !== undefined && { serverNameOverride: set.TEMPORAL_TLS_SERVER_NAME }),
      ...(authority && { serverRootCACertificate: authority }),
      ...(certificate && key && { clientCertPair: { crt: certificate, key } }),
    },
  };
};
