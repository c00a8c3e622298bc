/** Parses the id of an organization, and refuses unknown ones. */
import { InvalidArgumentError } from 'commander';
import { type OrganizationId, organizationIdSchema } from '../../../domain/ids.ts';
import { CommandFailed } from './http-client.ts';

/** @throws {InvalidArgumentError} */
export const parseOrganizationId = (text: string): OrganizationId => {
  const parsed = organizationIdSchema.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('an organization id begins with org_');
};

/** Creates the error for an organization that does not exist. */
export const unknownOrganization = (organization: OrganizationId): CommandFailed =>
  new CommandFailed(
    `There is no organization ${organization}. Check its id, or create it with: npm run ops -- organizations create`,
  );
