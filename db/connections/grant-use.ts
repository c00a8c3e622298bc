/** Finds out whether other connections use the grant of a disconnected account. */
import { type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Database } from '../client.ts';

export const grantUses = [
  /** No connected account has the grant: it can be revoked. */
  'unused',
  /** Another connection, perhaps of another organization or owner, or the same one again, has the grant. */
  'used',
  /** A connection of the provider has no comparable reference yet. */
  'unknown',
] as const;
export type GrantUse = (typeof grantUses)[number];

/** Selects from the connected accounts of the provider. */
const selectConnected = (what: SQL, { provider }: { readonly provider: SQL }): SQL => sql`(
  SELECT ${what} FROM connections AS other WHERE other.status = 'connected' AND other.provider = ${provider}
)`;
/** The key under which an account's reference was made. */
const referenceKey = sql`split_part(other.provider_account, ':', 1)`;

/**
 * Returns an SQL expression for the use of a grant. The lowest and the highest key are read from an index; `<>` would read the
 * table. The parameters are SQL values: columns, or parameters.
 */
export const grantUseOf = (grant: {
  readonly connection: SQL;
  readonly provider: SQL;
  readonly providerAccount: SQL;
}): SQL => sql`CASE
  WHEN EXISTS (
    SELECT FROM connections AS other WHERE other.status = 'connected'
      AND (other.id = ${grant.connection} OR other.provider_account = ${grant.providerAccount})
  ) THEN 'used'
  WHEN ${selectConnected(sql`min(${referenceKey})`, grant)} < split_part(${grant.providerAccount}, ':', 1)
    OR ${selectConnected(sql`max(${referenceKey})`, grant)} > split_part(${grant.providerAccount}, ':', 1)
    OR EXISTS (
      SELECT FROM connections AS other WHERE other.status = 'connected' AND other.provider = ${grant.provider}
        AND (${referenceKey} IS NULL)
    )
    OR (${grant.providerAccount} IS NULL AND ${selectConnected(sql`min(${referenceKey})`, grant)} IS NOT NULL)
    THEN 'unknown'
  ELSE 'unused' END`;

const rowsSchema = z.tuple([z.object({ use: z.enum(grantUses) })]);

/** Returns the use of a grant. */
export const readGrantUse = async (
  db: Database,
  { connection, provider, providerAccount }: Readonly<Record<keyof Parameters<typeof grantUseOf>[0], string>>,
): Promise<GrantUse> => {
  const use = grantUseOf({
    connection: sql`${connection}::text`,
    provider: sql`${provider}::text`,
    providerAccount: sql`${providerAccount}::text`,
  });
  const { rows } = await db.execute(sql`SELECT ${use} AS use`);
  return rowsSchema.parse(rows)[0].use;
};
