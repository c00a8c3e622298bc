/** Decides whether a caller may override conflicts of a slot. */
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { ConflictHandling, ConflictPolicy } from '../../domain/audition/conflict-rules.ts';
import {
  type ConflictHandlingSettings,
  defaultOverrideRoles,
  type OrganizationConflicts,
  resolveHandling,
} from '../../domain/audition/conflict-settings.ts';
import { Refusal } from '../../domain/errors.ts';
import type { Caller } from '../access/caller.ts';
import type { ApiDependencies } from '../dependencies.ts';

/**
 * Returns whether the role may override conflicts in this organization.
 * @param requested the policy that the request names, if it names one
 * @throws {Refusal} `forbidden` when the request names `override` and the role may not.
 */
export const mayOverrideConflicts = (
  { overrideBy = defaultOverrideRoles }: OrganizationConflicts = {},
  role: ApiRole,
  requested: ConflictPolicy | undefined,
): boolean => {
  const mayOverride = overrideBy.some((allowed) => allowed === role);
  if (mayOverride || requested !== 'override') return mayOverride;
  throw new Refusal(
    'forbidden',
    `A key with the role ${role} may not override conflicts.`,
    `Omit conflicts.policy, or use a key with one of the roles ${overrideBy.join(', ')}.`,
    ['/conflicts/policy'],
  );
};

/** Returns how a command wants conflicts to be handled, and whether its caller may override them. @throws {Refusal} */
export const conflictHandlingOf = async (
  { repositories: { organizations } }: Pick<ApiDependencies, 'repositories'>,
  { organization, role }: Pick<Caller, 'organization' | 'role'>,
  requested: ConflictHandlingSettings = {},
): Promise<ConflictHandling | undefined> => {
  const settings = await organizations.get(organization);
  const mayOverride = mayOverrideConflicts(settings?.conflicts, role, requested.policy);
  const handling = { ...resolveHandling(requested), ...(mayOverride ? { mayOverride } : {}) };
  return Object.keys(handling).length === 0 ? undefined : handling;
};
