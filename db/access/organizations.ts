import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type OrganizationConflicts,
  organizationConflictsSchema,
} from '../../domain/audition/conflict-settings.ts';
import { type MeetingBackup, meetingBackupSchema } from '../../domain/audition/meeting-backup.ts';
import {
  type OrganizationLimits,
  type PartialMessageLimits,
  partialMessageLimitsSchema,
} from '../../domain/budgets/message-limits.ts';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { type MeetingProviderName, meetingProviders } from '../../domain/providers/vendors.ts';
import type { Database } from '../client.ts';
import { connections } from '../schema/connections.ts';
import { organizations } from '../schema/organizations.ts';

export interface Organization {
  readonly id: OrganizationId;
  readonly name: string;
  readonly meetingProviders: readonly MeetingProviderName[];
  /** The calendar in which Google Meet meetings are created. */
  readonly meetCalendar?: { readonly connection: ConnectionId; readonly calendarId: string } | undefined;
  /** The rules about conflicts. The request of an audition can replace them (docs/conflicts.md). */
  readonly conflicts?: OrganizationConflicts | undefined;
  /** How auditions take place when no provider can make their meetings. */
  readonly meetingBackup?: MeetingBackup | undefined;
}

/** The settings that an operator changes. `meetCalendar: null` removes the calendar. */
export interface OrganizationChange {
  readonly name?: string | undefined;
  readonly meetingProviders?: readonly MeetingProviderName[] | undefined;
  readonly meetCalendar?: Organization['meetCalendar'] | null;
}

export interface Organizations {
  /** Adds an organization. Returns false, and changes nothing, when its id is in use. */
  create(organization: Pick<Organization, 'id' | 'name' | 'meetingProviders'>): Promise<boolean>;
  /** Returns all organizations, ordered by id. */
  list(): Promise<readonly Organization[]>;
  /** Changes the given settings. The calendar must be of a connection of the organization. */
  change(
    id: OrganizationId,
    change: OrganizationChange,
  ): Promise<'changed' | 'unknown_organization' | 'unknown_connection'>;
  /** Adds an organization, or replaces all its settings. Idempotent. @throws {ZodError} for invalid settings */
  put(organization: Organization): Promise<void>;
  get(id: OrganizationId): Promise<Organization | undefined>;
  /** Replaces the rules about conflicts. Returns false for an unknown organization. */
  setConflicts(id: OrganizationId, conflicts: OrganizationConflicts): Promise<boolean>;
  /** Replaces or removes the plan for auditions without a meeting. Returns false for an unknown organization. */
  setMeetingBackup(id: OrganizationId, backup: MeetingBackup | undefined): Promise<boolean>;
  /** Returns the limits of an organization. An unknown organization has none. */
  limits(id: OrganizationId): Promise<OrganizationLimits>;
  /**
   * Changes the limits that the operator grants. Null returns to the default of the service. Returns false for an unknown
   * organization.
   */
  grantLimits(
    id: OrganizationId,
    change: { readonly [Name in keyof PartialMessageLimits]: PartialMessageLimits[Name] | null },
  ): Promise<boolean>;
  /** Replaces the limits that the organization has set itself. Returns false for an unknown organization. */
  setOwnLimits(id: OrganizationId, limits: PartialMessageLimits): Promise<boolean>;
}

const organizationSchema = z.object({
  id: organizationIdSchema,
  name: z.string(),
  meetingProviders: z.array(z.enum(meetingProviders)),
  meetCalendar: z.object({ connection: connectionIdSchema, calendarId: z.string() }).optional(),
  conflicts: organizationConflictsSchema.optional(),
  meetingBackup: meetingBackupSchema.optional(),
});

/** Creates the repository of organizations: the tenants and their settings. */
export const createOrganizations = (db: Database): Organizations => ({
  async put(organization) {
    const { id, name, meetingProviders, meetCalendar, conflicts, meetingBackup } =
      organizationSchema.parse(organization);
    const settings = {
      name,
      meetingProviders,
      meetCalendar: meetCalendar ?? null,
      conflicts: conflicts ?? null,
      meetingBackup: meetingBackup ?? null,
    };
    await db
      .insert(organizations)
      .values({ id, ...settings })
      .onConflictDoUpdate({ target: organizations.id, set: settings });
  },

  async create({ id, name, meetingProviders }) {
    const created = await db
      .insert(organizations)
      .values({ id, name, meetingProviders })
      .onConflictDoNothing()
      .returning({ id: organizations.id });
    return created.length > 0;
  },

  async list() {
    return (await db.select().from(organizations).orderBy(asc(organizations.id))).map(organizationOf);
  },

  async change(id, { name, meetingProviders, meetCalendar }) {
    if (meetCalendar) {
      const [owned] = await db
        .select({ id: connections.id })
        .from(connections)
        .where(and(eq(connections.id, meetCalendar.connection), eq(connections.organization, id)));
      if (!owned) return 'unknown_connection';
    }
    const changed = await db
      .update(organizations)
      .set({
        id,
        ...(name === undefined ? {} : { name }),
        ...(meetingProviders === undefined ? {} : { meetingProviders }),
        ...(meetCalendar === undefined ? {} : { meetCalendar }),
      })
      .where(eq(organizations.id, id))
      .returning({ id: organizations.id });
    return changed.length > 0 ? 'changed' : 'unknown_organization';
  },

  async setConflicts(id, conflicts) {
    const changed = await db
      .update(organizations)
      .set({ conflicts: organizationConflictsSchema.parse(conflicts) })
      .where(eq(organizations.id, id))
      .returning({ id: organizations.id });
    return changed.length > 0;
  },

  async setMeetingBackup(id, backup) {
    const changed = await db
      .update(organizations)
      .set({ meetingBackup: backup ? meetingBackupSchema.parse(backup) : null })
      .where(eq(organizations.id, id))
      .returning({ id: organizations.id });
    return changed.length > 0;
  },

  async limits(id) {
    const [row] = await db
      .select({ granted: organizations.grantedLimits, own: organizations.ownLimits })
      .from(organizations)
      .where(eq(organizations.id, id));
    return {
      granted: partialMessageLimitsSchema.parse(row?.granted ?? {}),
      own: partialMessageLimitsSchema.parse(row?.own ?? {}),
    };
  },

  async grantLimits(id, change) {
    const { rowCount } = await db
      .update(organizations)
      .set({
        grantedLimits: sql`jsonb_strip_nulls(coalesce(${organizations.grantedLimits}, '{}') || ${JSON.stringify(change)}::jsonb)`,
      })
      .where(eq(organizations.id, id));
    return (rowCount ?? 0) > 0;
  },

  async setOwnLimits(id, limits) {
    const { rowCount } = await db
      .update(organizations)
      .set({ ownLimits: partialMessageLimitsSchema.parse(limits) })
      .where(eq(organizations.id, id));
    return (rowCount ?? 0) > 0;
  },

  async get(id) {
    const [row] = await db.select().from(organizations).where(eq(organizations.id, id));
    return row && organizationOf(row);
  },
});

const organizationOf = (row: typeof organizations.$inferSelect): Organization =>
  organizationSchema.parse({
    ...row,
    meetCalendar: row.meetCalendar ?? undefined,
    conflicts: row.conflicts ?? undefined,
    meetingBackup: row.meetingBackup ?? undefined,
  });
