/** A connected account as the API shows it: nothing that opens it. */
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
    owner: z.string().optional().describe('Absent where the account is the organization’s own'),
    account: z
      .string()
      .optional()
      .describe('What a person knows the account by; absent once it is disconnected'),
    status: z.enum(connectionStatuses),
    statusReason: z.enum(connectionStatusReasons).optional().describe('Why it is not connected'),
    scopes: z.array(z.string()).describe('What the person has allowed, in the provider’s words'),
    connectedAt: instantSchema,
    lastRefreshedAt: instantSchema.optional(),
  })
  .meta({ id: 'Connection', description: 'An account at a provider that somebody has connected' });

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
    url: z.url().describe('Send the person there, in their own browser'),
    expiresAt: instantSchema,
  })
  .meta({ id: 'ConnectionPageLink', description: 'A link to the page on which a person connects accounts' });
