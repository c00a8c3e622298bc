/**
 * The audit of credentials that were opened. A repository that reads a credential notes it in the very statement that
 * reads it (`noting`), so that none is read unnoted and none costs a second way to the database.
 */
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import type { CredentialUse } from '../../domain/connections/token-store.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { credentialReads } from '../schema/credential-reads.ts';

type SecretName = 'refresh_token' | 'access_token' | 'app_password' | 'signing_secret';

interface CredentialReads {
  /** For a secret that is read elsewhere than in a statement of its repository. */
  record(read: {
    /** The connection or endpoint. */
    readonly subject: string;
    readonly organization: OrganizationId;
    readonly secret: SecretName;
    /** The operation that needs it: `calendar.putEvent`. */
    readonly purpose: string;
    readonly correlationId: string;
  }): Promise<void>;
}

export const createCredentialReads = (db: Database): CredentialReads => ({
  async record(read) {
    await db.insert(credentialReads).values({ ...read, process: processName });
  },
});

/**
 * A common table expression that notes what another one reads.
 * @param source its name; it has the columns `id` and `organization`.
 * @param secret an SQL expression for the name of the secret, or null for a row of which none is read.
 */
export const credentialReadsCte = (source: string, secret: SQL, use: CredentialUse): SQL => sql`
  noted AS (
    INSERT INTO credential_reads (subject, organization, secret, purpose, process, correlation_id)
    SELECT id, organization, ${secret}, ${use.purpose}, ${processName}, ${use.correlationId}
    FROM ${sql.identifier(source)} WHERE ${secret} IS NOT NULL
  )`;

/** Which of our processes: its program, its process id and its machine. */
const processName = sql<string>`current_setting('application_name') || ${` ${process.pid} on ${hostname()}`}::text`;
