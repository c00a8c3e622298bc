/**
 * The hosts and the settings of an organization's meetings. They name people by email address, so they are sealed under a
 * data key of the organization.
 */
import { eq } from 'drizzle-orm';
import {
  type OrganizationMeetings,
  organizationMeetingsSchema,
} from '../../domain/audition/organization-meetings.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { organizations } from '../schema/organizations.ts';
import type { Vault } from '../vault/envelope-encryption.ts';

export interface MeetingPreferences {
  /** Returns the settings; undefined when the organization has none. @throws the errors of `Vault.open` */
  get(organization: OrganizationId): Promise<OrganizationMeetings | undefined>;
  /** Replaces the settings. Returns false for an unknown organization. @throws {ZodError} for invalid settings */
  set(organization: OrganizationId, meetings: OrganizationMeetings): Promise<boolean>;
}

const dataKeyOf = (organization: OrganizationId): string => `meetings:${organization}`;
const contextOf = (organization: OrganizationId): string => `organizations.meetings ${organization}`;

/** Creates the repository. */
export const createMeetingPreferences = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open'>,
): MeetingPreferences => ({
  async get(organization) {
    const [row] = await db
      .select({ sealed: organizations.sealedMeetings })
      .from(organizations)
      .where(eq(organizations.id, organization));
    if (!row?.sealed) return undefined;
    const opened = await vault.open(dataKeyOf(organization), row.sealed, contextOf(organization));
    return organizationMeetingsSchema.parse(JSON.parse(opened));
  },

  async set(organization, meetings) {
    const text = JSON.stringify(organizationMeetingsSchema.parse(meetings));
    const sealedMeetings = await vault.seal(dataKeyOf(organization), text, contextOf(organization));
    const changed = await db
      .update(organizations)
      .set({ sealedMeetings })
      .where(eq(organizations.id, organization))
      .returning({ id: organizations.id });
    return changed.length > 0;
  },
});
