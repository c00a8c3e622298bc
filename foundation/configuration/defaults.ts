/** Default values of the service's environment variables. */
import type { VariableGroup } from './variable-group.ts';
import { type Environment, variables } from './variables.ts';

/** The default address of the provider sandbox of the local stack. */
export const sandboxAddress = 'http://127.0.0.1:4010';

/**
 * The variables of the service itself. The local defaults are public because this file contains them.
 * `staging` and `production` refuse every secret among them (see deployment-checks.ts).
 */
export const serviceVariables = {
  shape: variables.shape,
  everywhere: {
    PORT: '3000',
    WORKER_METRICS_PORT: '9464',
    WORKFLOW_CALL_STACKS: 'false',
    LOG_LEVEL: 'info',
    CASTMATCH_TASK_QUEUE_SUFFIX: '',
    RECONCILIATION_MINUTES: '5',
    CALENDAR_POLL_MINUTES: '15',
    CALENDAR_RECONCILIATION_HOURS: '24',
    PLATFORM_ORIGINS: '',
  },
  deployed: { ALLOWED_PRIVATE_NETWORKS: '', SMS_DAILY_BUDGET: '2000', EMAIL_DAILY_BUDGET: '20000' },
  local: {
    PUBLIC_URL: 'http://127.0.0.1:3000',
    TEMPORAL_ADDRESS: '127.0.0.1:7233',
    TEMPORAL_NAMESPACE: 'default',
    CASTMATCH_MASTER_KEYS: 'local:Y2FzdG1hdGNoLWxvY2FsLWRldmVsb3BtZW50LWtleSE=',
    ALLOWED_PRIVATE_NETWORKS: '127.0.0.0/8,::1/128',
    TRUSTED_PROXIES: 'none',
    // Messages of the sandbox cost nothing, and benchmarks send many.
    SMS_DAILY_BUDGET: '1000000',
    EMAIL_DAILY_BUDGET: '1000000',
    SMS_COUNTRIES: 'any',
  },
  passwordAddresses: ['DATABASE_URL', 'KEY_DATABASE_URL'],
  webAddresses: ['PUBLIC_URL', 'JWT_ISSUER', 'JWT_JWKS_URL', 'AWS_KMS_ENDPOINT'],
  pairs: [
    ['JWT_ISSUER', 'JWT_AUDIENCE'],
    ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ],
} as const satisfies VariableGroup;

/** Whether an environment serves users outside this machine. */
const deployedEnvironments: Readonly<Record<Environment, boolean>> = {
  local: false,
  test: false,
  staging: true,
  production: true,
};

/** Returns true for `staging` and `production`. */
export const isDeployed = (environment: Environment): boolean => deployedEnvironments[environment];

/** Returns the default values of an environment for all variables of the groups. */
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
