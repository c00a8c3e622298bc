import { eq } from 'drizzle-orm';
import { z } from 'zod';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type MeetingProviderName, meetingProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { organizations } from '../schema/organizations.ts';

export interface Organizations {
  /** Adds an organization, or replaces all its settings. Idempotent. */
  put(organization: {
    readonly id: OrganizationId;
    readonly name: string;
    readonly meetingProviders: readonly MeetingProviderName[];
    /** The calendar in which Google Meet meetings are created. */
    readonly meetCalendar?: { readonly connection: ConnectionId; readonly calendarId: string } | undefined;
  }): Promise<void>;
  get(id: OrganizationId): Promise<
    | {
        readonly id: OrganizationId;
        readonly name: string;
        readonly meetingProviders: readonly MeetingProviderName[];
        readonly meetCalendar?:
          | { readonly connection: ConnectionId; readonly calendarId: string }
          | undefined;
      }
    | undefined
  >;
}

const organizationSchema = z.object({
  id: organizationIdSchema,
  name: z.string(),
  meetingProviders: z.array(z.enum(meetingProviders)),
  meetCalendar: z.object({ connection: connectionIdSchema, calendarId: z.string() }).optional(),
});

/** Creates the repository of organizations: the tenants and their settings. */
export const createOrganizations = (db: Database): Organizations => ({
  async put({ id, name, meetingProviders, meetCalendar }) {
    const settings = { name, meetingProviders, meetCalendar: meetCalendar ?? null };
    await db
      .insert(organizations)
      .values({ id, ...settings })
      .onConflictDoUpdate({ target: organizations.id, set: settings });
  },

  async get(id) {
    const [row] = await db.select().from(organizations).where(eq(organizations.id, id));
    return row && organizationSchema.parse({ ...row, meetCalendar: row.meetCalendar ?? undefined });
  },
});
