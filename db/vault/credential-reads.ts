/**
 * Records every read of a credential. A repository records the read in the statement that reads the credential
 * (`credentialReadsCte`). So no read is unrecorded, and the record costs no extra round trip.
 */
import { hostname } from 'node:os';
import { type SQL, sql } from 'drizzle-orm';
import type { CredentialUse } from '../../domain/connections/token-store.ts';
import type { OrganizationId } from '../../domain/ids.ts';
import type { Database } from '../client.ts';
import { credentialReads } from '../schema/credential-reads.ts';

type SecretName = 'refresh_token' | 'access_token' | 'app_password' | 'feed_address' | 'signing_secret';

interface CredentialReads {
  /** Records a read that is not part of one SQL statement of a repository. */
  record(read: {
    /** The id of the connection or endpoint. */
    readonly subject: string;
    readonly organization: OrganizationId;
    readonly secret: SecretName;
    /** The operation that needs the secret: `calendar.putEvent`. */
    readonly purpose: string;
    readonly correlationId: string;
  }): Promise<void>;
}

/** Creates the repository of credential reads. */
export const createCredentialReads = (db: Database): CredentialReads => ({
  async record(read) {
    await db.insert(credentialReads).values({ ...read, process: processName });
  },
});

/**
 * Returns a common table expression that records the rows of another one as credential reads.
 * @param source name of the other expression. It must have the columns `id` and `organization`.
 * @param secret SQL expression for the name of the secret. A row for which it is null is not recorded.
 * @param use the operation and correlation id of the read.
 */
export const credentialReadsCte = (source: string, secret: SQL, use: CredentialUse): SQL => sql`
  noted AS (
    INSERT INTO credential_reads (subject, organization, secret, purpose, process, correlation_id)
    SELECT id, organization, ${secret}, ${use.purpose}, ${processName}, ${use.correlationId}
    FROM ${sql.identifier(source)} WHERE ${secret} IS NOT NULL
  )`;

/** Identifies this process: program, process id and machine. */
const processName = sql<string>`current_setting('application_name') || ${` ${process.pid} on ${hostname()}`}::text`;
