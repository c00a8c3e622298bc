/** Parses the id of an organization. */
import { InvalidArgumentError } from 'commander';
import { type OrganizationId, organizationIdSchema } from '../../../domain/ids.ts';

/** @throws {InvalidArgumentError} */
export const parseOrganizationId = (text: string): OrganizationId => {
  const parsed = organizationIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('an organization id begins with org_');
};
