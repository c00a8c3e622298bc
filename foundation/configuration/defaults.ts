/** What stands in for variables that are not set. */
import type { VariableGroup } from './variable-group.ts';
import { type Environment, variables } from './variables.ts';

/** Where the provider sandbox of the local stack listens. */
export const sandboxAddress = 'http://127.0.0.1:4010';

/**
 * The variables of the service itself. The local defaults are public, since they stand in this file: `staging` and
 * `production` refuse every secret among them (see deployed.ts).
 */
export const serviceVariables = {
  shape: variables.shape,
  everywhere: {
    PORT: '3000',
    WORKER_METRICS_PORT: '9464',
    LOG_LEVEL: 'info',
    CASTMATCH_TASK_QUEUE_SUFFIX: '',
    TRUSTED_PROXIES: '',
    PLATFORM_ORIGINS: '',
  },
  deployed: { ALLOWED_PRIVATE_NETWORKS: '' },
  local: {
    PUBLIC_URL: 'http://127.0.0.1:3000',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    TEMPORAL_NAMESPACE: 'default',
    CASTMATCH_MASTER_KEYS: 'local:Y2FzdG1hdGNoLWxvY2FsLWRldmVsb3BtZW50LWtleSE=',
    ALLOWED_PRIVATE_NETWORKS: '127.0.0.0/8,::1/128',
  },
  passwordAddresses: ['DATABASE_URL'],
  webAddresses: ['PUBLIC_URL', 'JWT_ISSUER', 'JWT_JWKS_URL', 'AWS_KMS_ENDPOINT'],
  pairs: [
    ['JWT_ISSUER', 'JWT_AUDIENCE'],
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ],
} as const satisfies VariableGroup;

/** Deployed is what people outside this machine may rely on. */
const deployedEnvironments: Readonly<Record<Environment, boolean>> = {
  local: false,
  test: false,
  staging: true,
  production: true,
};

export const isDeployed = (environment: Environment): boolean => deployedEnvironments[environment];

/** What stands in for a variable that is not set. */
export const defaultsFor = (
  environment: Environment,
  groups: readonly VariableGroup[],
): Readonly<Record<string, string>> =>
  Object.assign(
    {},
    ...groups.map(({ everywhere, deployed, local }) => ({
      ...everywhere,
      ...(isDeployed(environment) ? deployed : local),
    })),
  );
