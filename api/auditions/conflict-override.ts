/** Decides whether a caller may override conflicts of a slot. */
import type { ApiRole } from '../../db/access/api-keys.ts';
import type { ConflictPolicy } from '../../domain/audition/conflict-rules.ts';
import { defaultOverrideRoles, type OrganizationConflicts } from '../../domain/audition/conflict-settings.ts';
import { Refusal } from '../../domain/errors.ts';

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
