/**
 * Reads the settings of a process once, at its start: those of the service and of every vendor. They are parsed
 * together, so that one error names every invalid variable. No other module reads the environment.
 */
import { readConfiguration, type ServiceConfiguration } from '../foundation/configuration/configuration.ts';
import { providerSettingsOf, providerShape, providerVariables } from './registry.ts';
import type { QuotaLimits } from './resilience/quotas.ts';

type ProviderConfiguration = ReturnType<typeof providerSettingsOf>;

export interface Configuration extends ServiceConfiguration, ProviderConfiguration {
  /** The limits set by configuration, by the name of the quota. 0: no limit. */
  readonly quotas: QuotaLimits;
}

/**
 * Reads the settings of the service and of all vendors.
 *
 * @throws {ConfigurationError} names every variable that is missing, malformed or not allowed in the environment.
 */
export const loadConfiguration = (env?: NodeJS.ProcessEnv): Configuration => {
  const { service, set } = readConfiguration(providerShape, providerVariables, env);
  const providers = providerSettingsOf(set);
  return { ...service, ...providers, quotas: quotasOf(Object.values(providers)) };
};

const quotasOf = (settings: readonly object[]): QuotaLimits =>
  Object.assign({}, ...settings.map((vendor) => ('quotas' in vendor ? vendor.quotas : {})));
