/**
 * A group of related environment variables with their defaults and rules: those of the service, or of one
 * vendor.
 */
import type { z } from 'zod';

type Texts = Readonly<Record<string, string>>;
export type VariableValues = Readonly<Record<string, string | undefined>>;

export interface VariableGroup {
  /** The schema of each variable. Each schema is registered with `variableMetadata`. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** Defaults of every environment. */
  readonly everywhere?: Texts;
  /** Defaults of `staging` and `production`: the real addresses of a vendor. */
  readonly deployed?: Texts;
  /** Defaults of `local` and `test`. All of them are public. */
  readonly local?: Texts;
  /** Returns defaults that depend on other variables. They replace those above. */
  readonly dependent?: (env: VariableValues) => VariableValues;
  /** Names of secrets. `staging` and `production` refuse their local defaults and placeholders. */
  readonly credentials?: readonly string[];
  /** Addresses with a password inside, which must not be a placeholder. */
  readonly passwordAddresses?: readonly string[];
  /** Addresses that must be `https://` and not lead back to the machine in `staging` and `production`. */
  readonly webAddresses?: readonly string[];
  /**
   * Addresses of other protocols that must not lead back to the machine, each with the name of its server.
   */
  readonly servers?: Texts;
  /** Pairs of variables that must be set together. */
  readonly pairs?: readonly (readonly [string, string])[];
}
