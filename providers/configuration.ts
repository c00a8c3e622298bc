/**
 * The settings of a process, read once at its start: those of the service and of every vendor, parsed as a whole, so that
 * one error names everything that is wrong. Nothing else reads the environment.
 */
import { readConfiguration, type ServiceConfiguration } from '../foundation/configuration/configuration.ts';
import { providerSettingsOf, providerShape, providerVariables } from './registry.ts';
import type { QuotaLimits } from './resilience/quotas.ts';

type ProviderConfiguration = ReturnType<typeof providerSettingsOf>;

export interface Configuration extends ServiceConfiguration, ProviderConfiguration {
  /** The quotas that the settings limit, by name. 0: no limit. */
  readonly quotas: QuotaLimits;
}

/**
 * Reads the settings of the service and of all vendors.
 *
 * @throws {ConfigurationError} naming every variable that is missing, malformed or not fit for the environment.
 */
export const loadConfiguration = (env?: NodeJS.ProcessEnv): Configuration => {
  const { service, set } = readConfiguration(providerShape, providerVariables, env);
  const providers = providerSettingsOf(set);
  return { ...service, ...providers, quotas: quotasOf(Object.values(providers)) };
};

const quotasOf = (settings: readonly object[]): QuotaLimits =>
  Object.assign({}, ...settings.map((one) => ('quotas' in one ? one.quotas : {})));
