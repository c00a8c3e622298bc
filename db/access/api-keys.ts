import { randomBytes } from 'node:crypto';
import { and, desc, eq, isNull, like, sql } from 'drizzle-orm';
import { z } from 'zod';
import { type OrganizationId, organizationIdSchema } from '../../domain/ids.ts';
import { toEpochMs, toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
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

export interface ApiKeys {
  /** Stores only the key's hash. */
  put(key: ApiKeyHolder & { readonly secret: string }): Promise<void>;
  /** Makes a new one. Its secret is nowhere but in the answer. */
  create(holder: ApiKeyHolder): Promise<{ readonly id: string; readonly secret: string }>;
  /** Whose key it is; undefined for one that was revoked, as for one that never was. */
  find(secret: string): Promise<(ApiKeyHolder & { readonly id: string }) | undefined>;
  /** The newest first, the revoked ones too. */
  list(organization?: OrganizationId): Promise<
    readonly (ApiKeyHolder & {
      readonly id: string;
      readonly createdAt: Instant;
      readonly lastUsedAt?: Instant | undefined;
      readonly revokedAt?: Instant | undefined;
    })[]
  >;
  /** For good, from the next request on; undefined where there is no such key. */
  revoke(id: string): Promise<(ApiKeyHolder & { readonly id: string }) | undefined>;
}

const holderSchema = z.object({
  organization: organizationIdSchema,
  role: z.enum(apiRoles),
  label: z.string(),
});

/** The beginning of the hash: it names the key, and leads nobody to it. */
const idLength = 16;
const idOf = (secretHash: string): string => `key_${secretHash.slice(0, idLength)}`;
const keyIdSchema = z.string().regex(/^key_[0-9a-f]{16}$/);

const isStale = (lastUsedAt: Instant | null): boolean =>
  lastUsedAt === null || Date.now() - toEpochMs(lastUsedAt) > 60_000;

/**
 * Keys are random and long, so that a plain SHA-256 is enough: there is no dictionary to try. The secret itself is
 * neither stored nor put into a query. `put` with a known secret replaces what it may do, and brings no revoked one back.
 */
export const createApiKeys = (db: Database): ApiKeys => {
  const put: ApiKeys['put'] = async ({ secret, organization, role, label }) => {
    await db
      .insert(apiKeys)
      .values({ secretHash: sha256(secret), organization, role, label })
      .onConflictDoUpdate({ target: apiKeys.secretHash, set: { organization, role, label } });
  };
  return {
    put,

    async create(holder) {
      const secret = `cm_${randomBytes(32).toString('base64url')}`;
      await put({ secret, ...holder });
      return { id: idOf(sha256(secret)), secret };
    },

    async find(secret) {
      const secretHash = sha256(secret);
      const [row] = await db
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.secretHash, secretHash), isNull(apiKeys.revokedAt)));
      if (!row) return undefined;
      if (isStale(row.lastUsedAt)) {
        await db.update(apiKeys).set({ lastUsedAt: sql`now()` }).where(eq(apiKeys.secretHash, secretHash));
      }
      return { id: idOf(secretHash), ...holderSchema.parse(row) };
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
        .where(like(apiKeys.secretHash, `${id.slice('key_'.length)}%`))
        .returning();
      return row && { id, ...holderSchema.parse(row) };
    },
  };
};
