import { and, eq, inArray } from 'drizzle-orm';
import { z } from 'zod';
import { Refusal } from '../domain/errors.ts';
import {
  type ConnectionId,
  connectionIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../domain/ids.ts';
import type { Database } from './connection.ts';
import type { Connections } from './repositories.ts';
import { connections } from './schema/connections.ts';
import type { Sealer } from './sealer.ts';

const connectionSchema = z.object({
  id: connectionIdSchema,
  organization: organizationIdSchema,
  provider: z.string(),
  account: z.string(),
  refreshToken: z.string(),
});

/** What was sealed and is copied into another connection's row, or another organization's, does not open. */
const placeOf = (organization: OrganizationId, id: ConnectionId): string => `${id} of ${organization}`;
/** An account is as a rule somebody's address. Neither opens in the other's place. */
const accountOf = (organization: OrganizationId, id: ConnectionId): string =>
  `account of ${placeOf(organization, id)}`;

/**
 * Provider accounts with their credentials, both sealed. `put` throws `Refusal('unknown_connection')` where the id belongs to
 * another organization. `open` throws what the sealer throws when a row was tampered with or its key is gone.
 */
export const createConnections = (db: Database, sealer: Sealer): Connections => ({
  async put({ id, organization, provider, account, refreshToken }) {
    const sealed = {
      account: sealer.seal(account, accountOf(organization, id)),
      sealedCredential: sealer.seal(refreshToken, placeOf(organization, id)),
    };
    const [row] = await db
      .insert(connections)
      .values({ id, organization, provider, ...sealed })
      .onConflictDoUpdate({
        target: connections.id,
        set: { provider, ...sealed },
        setWhere: eq(connections.organization, organization),
      })
      .returning({ id: connections.id });
    if (!row) {
      throw new Refusal(
        'unknown_connection',
        `the connection '${id}' belongs to another organization`,
        'choose another id for the connection',
      );
    }
  },

  async open(organization, id) {
    const [row] = await db
      .select()
      .from(connections)
      .where(and(eq(connections.organization, organization), eq(connections.id, id)));
    if (!row) return undefined;
    const account = sealer.open(row.account, accountOf(organization, id));
    const refreshToken = sealer.open(row.sealedCredential, placeOf(organization, id));
    return connectionSchema.parse({ ...row, account, refreshToken });
  },

  async exists(organization, ids) {
    if (ids.length === 0) return new Set();
    const rows = await db
      .select({ id: connections.id })
      .from(connections)
      .where(and(eq(connections.organization, organization), inArray(connections.id, [...ids])));
    return new Set(rows.map(({ id }) => connectionIdSchema.parse(id)));
  },
});
