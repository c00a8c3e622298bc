import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { organizationIdSchema } from '../domain/ids.ts';
import type { Database } from './connection.ts';
import { sha256 } from './digest.ts';
import { type ApiKeys, apiRoles } from './repositories.ts';
import { apiKeys } from './schema/api-keys.ts';

const apiKeySchema = z.object({
  organization: organizationIdSchema,
  role: z.enum(apiRoles),
  label: z.string(),
});

/**
 * Keys are random and long, so that a plain SHA-256 is enough: there is no dictionary to try. The secret itself is
 * neither stored nor put into a query. `put` with a known secret replaces what it may do.
 */
export const createApiKeys = (db: Database): ApiKeys => ({
  async put({ secret, organization, role, label }) {
    await db
      .insert(apiKeys)
      .values({ secretHash: sha256(secret), organization, role, label })
      .onConflictDoUpdate({ target: apiKeys.secretHash, set: { organization, role, label } });
  },

  async find(secret) {
    const [row] = await db
      .select({ organization: apiKeys.organization, role: apiKeys.role, label: apiKeys.label })
      .from(apiKeys)
      .where(eq(apiKeys.secretHash, sha256(secret)));
    return row && apiKeySchema.parse(row);
  },
});
