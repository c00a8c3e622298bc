/** Variables that belong together, with everything that the configuration knows of them: the service's, a vendor's. */
import type { z } from 'zod';

type Texts = Readonly<Record<string, string>>;
export type Given = Readonly<Record<string, string | undefined>>;

export interface VariableGroup {
  /** Each variable is described in `variableFacts`. */
  readonly shape: Readonly<Record<string, z.ZodType>>;
  /** Defaults of every environment. */
  readonly everywhere?: Texts;
  /** Defaults of `staging` and `production`: the real addresses of a vendor. */
  readonly deployed?: Texts;
  /** Defaults of `local` and `test`. All of them are public. */
  readonly local?: Texts;
  /** Returns defaults that depend on other variables. They replace those above. */
  readonly dependent?: (env: Given) => Given;
  /** `staging` and `production` refuse their local defaults, and placeholders. */
  readonly credentials?: readonly string[];
  /** Addresses with a password inside, which must not be a placeholder. */
  readonly passwordAddresses?: readonly string[];
  /** In `staging` and `production` they are `https://` and do not lead back to the machine. */
  readonly webAddresses?: readonly string[];
  /** Addresses of another protocol that must not lead back to the machine, each with what it is the address of. */
  readonly servers?: Texts;
  /** Two variables that mean something only together. */
  readonly pairs?: readonly (readonly [string, string])[];
}
