import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { meetingProviders } from '../../domain/audition/request.ts';
import { connectionIdSchema, organizationIdSchema } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import type { Organizations } from '../repositories.ts';
import { organizations } from '../schema/organizations.ts';

const organizationSchema = z.object({
  id: organizationIdSchema,
  name: z.string(),
  meetingProviders: z.array(z.enum(meetingProviders)),
  meetCalendar: z.object({ connection: connectionIdSchema, calendarId: z.string() }).optional(),
});

/** The tenants' settings. `put` adds or replaces as a whole. */
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
