import { randomBytes } from 'node:crypto';
import { and, desc, eq, isNull, like, type SQL, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import { createBatching } from '../batching.ts';
import type { Database } from '../client.ts';
import { sha256 } from '../digest.ts';
import { apiKeys } from '../schema/api-keys.ts';

export const apiRoles = ['backend', 'operator', 'admin'] as const;
export type ApiRole = (typeof apiRoles)[number];

export interface ApiKeyHolder {
  readonly organization: OrganizationId;
  readonly role: ApiRole;
  readonly label: string;
}

type KnownKey = ApiKeyHolder & { readonly id: string };

type FoundKey = KnownKey | { readonly revoked: KnownKey } | undefined;

export interface ApiKeys {
  /**
   * Adds a key, or replaces organization, role and label of an existing one. Does not restore a revoked key. Stores
   * only the hash of the secret.
   */
  put(key: ApiKeyHolder & { readonly secret: string }): Promise<void>;
  /** Creates a key with a random secret. The secret is only in the result; it is not stored. */
  create(holder: ApiKeyHolder): Promise<{ readonly id: string; readonly secret: string }>;
  /**
   * Returns the holder of a key, or the former holder of one that was revoked; undefined when the key is unknown. Updates the time of last
   * use of a valid key.
   */
  find(secret: string): Promise<FoundKey>;
  /**
   * Like `find`, but looks up all secrets that wait simultaneously with one statement, one statement at a time. Thousands of wrong secrets
   * then neither load the database nor delay a valid one.
   */
  findInBatch(secret: string): Promise<FoundKey>;
  /** Returns the present holder of the key with this id; undefined when the key is unknown or was revoked. */
  findHolder(id: string): Promise<ApiKeyHolder | undefined>;
  /** Returns all keys, including revoked ones, the newest first. */
  list(organization?: OrganizationId): Promise<
    readonly (ApiKeyHolder & {
      readonly id: string;
      readonly createdAt: Instant;
      readonly lastUsedAt?: Instant | undefined;
      readonly revokedAt?: Instant | undefined;
    })[]
  >;
  /** Revokes a key permanently, from the next request on. Returns its holder; undefined for an unknown id. Idempotent. */
  revoke(id: string): Promise<(ApiKeyHolder & { readonly id: string }) | undefined>;
}

const holderSchema = z.object({
  organization: organizationIdSchema,
  role: z.enum(apiRoles),
  label: z.string(),
});

/** A key's id is the beginning of its hash. The secret cannot be derived from it. */
const idLength = 16;
const idOf = (secretHash: string): string => `key_${secretHash.slice(0, idLength)}`;
const keyIdSchema = z.string().regex(/^key_[0-9a-f]{16}$/);
const hasId = (id: string): SQL => like(apiKeys.secretHash, `${id.slice('key_'.length)}%`);

const isStale = (lastUsedAt: Instant | null): boolean =>
  lastUsedAt === null || Date.now() - toEpochMs(lastUsedAt) > 60_000;

/**
 * Creates the repository of API keys. Keys are long and random, so a dictionary attack is not possible and a plain
 * SHA-256 is enough. The secret is neither stored nor sent in a query.
 */
export const createApiKeys = (db: Database): ApiKeys => {
  const put: ApiKeys['put'] = async ({ secret, organization, role, label }) => {
    await db
      .insert(apiKeys)
      .values({ secretHash: sha256(secret), organization, role, label })
      .onConflictDoUpdate({ target: apiKeys.secretHash, set: { organization, role, label } });
  };
  const use = async (row: typeof apiKeys.$inferSelect): Promise<FoundKey> => {
    const { secretHash } = row;
    const key = { id: idOf(secretHash), ...holderSchema.parse(row) };
    if (row.revokedAt !== null) return { revoked: key };
    if (isStale(row.lastUsedAt)) {
      await db.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(eq(apiKeys.secretHash, secretHash));
    }
    return key;
  };
  let lookupCount = 0;
  const lookUp = createBatching({
    run: async (secretHashes: readonly string[]) => {
      const rows = await db
        .select()
        .from(apiKeys)
        .where(
          sql`${apiKeys.secretHash} IN (SELECT jsonb_array_elements_text(${JSON.stringify(secretHashes)}::jsonb))`,
        );
      const found = new Map(rows.map((row) => [row.secretHash, row]));
      return secretHashes.map((secretHash) => found.get(secretHash) ?? 'unknown');
    },
    // Reads of one secret can be part of one statement.
    keyOf: () => String((lookupCount += 1)),
  });
  return {
    put,

    async create(holder) {
      const secret = `cm_${randomBytes(32).toString('base64url')}`;
      await put({ secret, ...holder });
      return { id: idOf(sha256(secret)), secret };
    },

    async find(secret) {
      const secretHash = sha256(secret);
      const [row] = await db.select().from(apiKeys).where(eq(apiKeys.secretHash, secretHash));
      return row && use(row);
    },

    async findInBatch(secret) {
      const row = await lookUp(sha256(secret));
      return row === 'unknown' ? undefined : use(row);
    },

    async findHolder(id) {
      if (!keyIdSchema.safeParse(id).success) return undefined;
      const [row] = await db
        .select()
        .from(apiKeys)
        .where(and(hasId(id), isNull(apiKeys.revokedAt)));
      return row && holderSchema.parse(row);
    },

    async list(organization) {
      const rows = await db
        .select()
        .from(apiKeys)
        .where(organization && eq(apiKeys.organization, organization))
        .orderBy(desc(apiKeys.createdAt), apiKeys.secretHash);
      return rows.map(({ secretHash, createdAt, lastUsedAt, revokedAt, ...holder }) => ({
        id: idOf(secretHash),
        ...holderSchema.parse(holder),
        createdAt: toInstant(createdAt.getTime()),
        lastUsedAt: lastUsedAt ?? undefined,
        revokedAt: revokedAt ?? undefined,
      }));
    },

    async revoke(id) {
      if (!keyIdSchema.safeParse(id).success) return undefined;
      const [row] = await db
        .update(apiKeys)
        .set({ revokedAt: sql`coalesce(${apiKeys.revokedAt}, now())` })
        .where(hasId(id))
        .returning();
      return row && { id, ...holderSchema.parse(row) };
    },
  };
};
