/** The API's schema of a connected account. It contains no credentials. */
import { z } from 'zod';
import type { Connection } from '../../db/connections/repository.ts';
import { connectionStatuses, connectionStatusReasons } from '../../domain/connections/connection.ts';
import { connectionIdSchema } from '../../domain/ids.ts';
import { connectionProviders } from '../../domain/providers/vendors.ts';
import { instantSchema } from '../../domain/time/instant.ts';

export const connectionSchema = z
  .object({
    id: connectionIdSchema,
    provider: z.enum(connectionProviders),
    owner: z.string().optional().describe('Absent when the account belongs to the organization'),
    account: z
      .string()
      .optional()
      .describe('Name of the account, such as its email address; absent once it is disconnected'),
    status: z.enum(connectionStatuses),
    statusReason: z.enum(connectionStatusReasons).optional().describe('Why it is not connected'),
    scopes: z.array(z.string()).describe('Granted scopes, with the provider’s names'),
    connectedAt: instantSchema,
    lastRefreshedAt: instantSchema.optional(),
  })
  .meta({ id: 'Connection', description: 'A connected account at a provider' });

/** Returns the public fields of a connection. */
export const toConnectionResponse = (connection: Connection): z.infer<typeof connectionSchema> => {
  const { id, provider, owner, account, status, statusReason, scopes, connectedAt, lastRefreshedAt } =
    connection;
  return {
    id,
    provider,
    owner,
    account,
    status,
    statusReason,
    scopes: [...scopes],
    connectedAt,
    lastRefreshedAt,
  };
};

export const pageLinkSchema = z
  .object({
    url: z.url().describe('Open it in the person’s own browser'),
    expiresAt: instantSchema,
  })
  .meta({ id: 'ConnectionPageLink', description: 'A link to the page on which a person connects accounts' });
