import { and, asc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import {
  type EndpointId,
  endpointIdSchema,
  type OrganizationId,
  organizationIdSchema,
} from '../../domain/ids.ts';
import { toInstant } from '../../domain/time/epoch.ts';
import type { Instant } from '../../domain/time/instant.ts';
import type { KeyWrapping } from '../../foundation/encryption/key-wrapping.ts';
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { endpointStatuses, webhookEndpoints } from '../schema/webhook-endpoints.ts';
import { instantFromDatabase, millisecondsInterval } from '../time.ts';
import { credentialReadsCte } from '../vault/credential-reads.ts';
import { createVault, type Vault } from '../vault/envelope-encryption.ts';
import { outboxChannel } from './outbox.ts';

/** Everything of an endpoint that is no secret. */
export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly organization: OrganizationId;
  readonly url: string;
  /** Empty: all of them. */
  readonly eventTypes: readonly string[];
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | undefined;
  readonly disabledAt: Instant | undefined;
  /** Until when the secret before this one signs beside it. */
  readonly previousSecretUntil: Instant | undefined;
  /** Since when every attempt has failed; absent while it works. */
  readonly failingSince: Instant | undefined;
  readonly lastSuccessAt: Instant | undefined;
  readonly lastFailureAt: Instant | undefined;
  /** Of the last attempt: a status, or why there was none. */
  readonly lastAnswer: string | undefined;
  readonly createdAt: Instant;
}

/** With what it is called: lives only as long as the call. */
export interface EndpointWithSecrets
  extends Pick<WebhookEndpoint, 'id' | 'url' | 'eventTypes' | 'createdAt'> {
  readonly status: WebhookEndpoint['status'];
  /** The newest first. */
  readonly secrets: readonly string[];
}

/** Whose secret is read, for what. */
interface EndpointUse {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly purpose: string;
  readonly correlationId: string;
}

/** Who changes an endpoint, and what is noted of it. */
interface ActorWithDetail extends Actor {
  /** Never a secret, never a person's data. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A change by somebody is written together with its administrative act, or neither is. What changes nothing is no act. */
export interface WebhookEndpoints {
  /** False when the organization has as many as it may. */
  create(
    endpoint: {
      readonly id: EndpointId;
      readonly organization: OrganizationId;
      readonly url: string;
      readonly eventTypes: readonly string[];
      readonly secret: string;
    },
    noted: ActorWithDetail,
  ): Promise<boolean>;
  get(organization: OrganizationId, id: EndpointId): Promise<WebhookEndpoint | undefined>;
  /** The oldest first. */
  list(organization: OrganizationId): Promise<readonly WebhookEndpoint[]>;
  /**
   * What it is behind with is sent as soon as it is enabled or its address has changed. Undefined where there is no
   * such endpoint.
   */
  update(
    organization: OrganizationId,
    id: EndpointId,
    changes: {
      readonly url?: string | undefined;
      readonly eventTypes?: readonly string[] | undefined;
      readonly status?: WebhookEndpoint['status'] | undefined;
    },
    noted: ActorWithDetail,
  ): Promise<WebhookEndpoint | undefined>;
  /** With its secrets' data key, and all that was kept of its progress. */
  remove(organization: OrganizationId, id: EndpointId, noted: ActorWithDetail): Promise<boolean>;
  /** The old secret signs beside the new one for so long. Undefined where somebody else was quicker, or it is gone. */
  rotateSecret(
    use: EndpointUse,
    secret: string,
    overlapMs: number,
    noted: ActorWithDetail,
  ): Promise<WebhookEndpoint | undefined>;
  /** Opens the secrets for a delivery, and notes that they were read. */
  getWithSecrets(use: EndpointUse): Promise<EndpointWithSecrets | undefined>;
  /** An attempt that failed. */
  recordFailure(id: EndpointId, answer: string): Promise<void>;
  /**
   * Given up: nothing is sent to it any more. Idempotent by the reason: whoever comes again with the same one gets the
   * same answer, and whoever comes after somebody else gets undefined.
   */
  disable(
    organization: OrganizationId,
    id: EndpointId,
    reason: string,
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}

/** Each is told of every event: more than a handful is a mistake. */
const maxEndpoints = 20;

/** Longer than a statement may run (15 s): after that, whoever has not seen the endpoint enabled is through. */
const delayedSearchMs = 30_000;

type Column = 'secret' | 'previous_secret';

/** What is copied to another endpoint's row or column does not open. */
const sealingContextOf = (organization: OrganizationId, id: EndpointId, column: Column): string =>
  `webhook_endpoints.${column} of ${id} of ${organization}`;

/** Where the platform is told. Secrets lie sealed under the endpoint's own data key. */
export const createWebhookEndpoints = (
  db: Database,
  wrapping: KeyWrapping,
  vault: Pick<Vault, 'seal' | 'open' | 'evict'>,
): WebhookEndpoints => {
  const find = async (organization: OrganizationId, id: EndpointId): Promise<Row | undefined> => {
    const [row] = await db.select().from(webhookEndpoints).where(ownedBy(organization, id));
    return row;
  };

  const read = async (use: EndpointUse): Promise<Sealed | undefined> => {
    const { rows } = await db.execute(sql`
      WITH endpoint AS (
        SELECT * FROM webhook_endpoints WHERE id = ${use.endpoint} AND organization = ${use.organization}
      ), ${credentialReadsCte('endpoint', sql`'signing_secret'::text`, use)}
      SELECT id, url, status, event_types AS "eventTypes", created_at AS "createdAt",
        sealed_secret AS "sealedSecret",
        CASE WHEN previous_until > now() THEN sealed_previous_secret END AS "sealedPreviousSecret"
      FROM endpoint
    `);
    return rows[0] && sealedSchema.parse(rows[0]);
  };

  const secretsOf = async ({ organization, endpoint }: EndpointUse, sealed: Sealed) => {
    const open = (text: string, column: Column) =>
      vault.open(endpoint, text, sealingContextOf(organization, endpoint, column));
    const newest = await open(sealed.sealedSecret, 'secret');
    if (sealed.sealedPreviousSecret === null) return [newest] as const;
    return [newest, await open(sealed.sealedPreviousSecret, 'previous_secret')] as const;
  };

  return {
    async create({ id, organization, url, eventTypes, secret }, noted) {
      return db.transaction(async (tx) => {
        // Its own vault: the data key that is made in here is gone when the transaction is.
        const sealing = createVault(tx, wrapping);
        const sealedSecret = await sealing.seal(id, secret, sealingContextOf(organization, id, 'secret'));
        const { rowCount } = await tx.execute(sql`
          INSERT INTO webhook_endpoints (id, organization, url, event_types, sealed_secret)
          SELECT ${id}, ${organization}, ${url}, ${sql.param([...eventTypes])}::text[], ${sealedSecret}
          WHERE (SELECT count(*) FROM webhook_endpoints WHERE organization = ${organization}) < ${maxEndpoints}
        `);
        if (rowCount !== 1) {
          await sealing.destroy(id);
          return false;
        }
        await enqueueDelayedSearch(tx, organization, id);
        await recordAct(tx, organization, id, 'endpoint.created', noted);
        return true;
      });
    },

    async get(organization, id) {
      const row = await find(organization, id);
      return row && toEndpoint(row);
    },

    async list(organization) {
      const rows = await db
        .select()
        .from(webhookEndpoints)
        .where(eq(webhookEndpoints.organization, organization))
        .orderBy(asc(webhookEndpoints.createdAt), asc(webhookEndpoints.id));
      return rows.map(toEndpoint);
    },

    async update(organization, id, { url, eventTypes, status }, noted) {
      return db.transaction(async (tx) => {
        const [before] = await tx
          .select()
          .from(webhookEndpoints)
          .where(ownedBy(organization, id))
          .for('update');
        if (!before) return undefined;
        const [after] = await tx
          .update(webhookEndpoints)
          .set({
            url: url ?? before.url,
            eventTypes: [...(eventTypes ?? before.eventTypes)],
            ...(status === 'enabled' && before.status === 'disabled' && enabledColumns),
            ...(status === 'disabled' && before.status === 'enabled' && disabledByAdministratorColumns),
          })
          .where(ownedBy(organization, id))
          .returning();
        if (!after) return undefined;
        const isWorthAnAttempt = before.status === 'disabled' || before.url !== after.url;
        if (after.status === 'enabled' && isWorthAnAttempt) {
          await enqueueSearch(tx, organization, id);
          await enqueueDelayedSearch(tx, organization, id);
        }
        await recordAct(tx, organization, id, 'endpoint.changed', noted);
        return toEndpoint(after);
      });
    },

    async remove(organization, id, noted) {
      const removed = await db.transaction(async (tx) => {
        const { rows } = await tx.execute(sql`
          WITH removed AS (
            DELETE FROM webhook_endpoints WHERE id = ${id} AND organization = ${organization} RETURNING id
          ), forgotten AS (
            DELETE FROM endpoint_progress WHERE endpoint IN (SELECT id FROM removed)
          ), unsent AS (
            DELETE FROM outbox WHERE endpoint IN (SELECT id FROM removed)
          )
          SELECT id FROM removed
        `);
        if (rows.length === 0) return false;
        await createVault(tx, wrapping).destroy(id);
        await recordAct(tx, organization, id, 'endpoint.removed', noted);
        return true;
      });
      if (removed) vault.evict(id);
      return removed;
    },

    async rotateSecret(use, secret, overlapMs, noted) {
      const { organization, endpoint: id } = use;
      const current = await read(use);
      if (!current) return undefined;
      const [old] = await secretsOf(use, { ...current, sealedPreviousSecret: null });
      const sealedSecret = await vault.seal(id, secret, sealingContextOf(organization, id, 'secret'));
      const sealedPreviousSecret = await vault.seal(
        id,
        old,
        sealingContextOf(organization, id, 'previous_secret'),
      );
      return db.transaction(async (tx) => {
        const [row] = await tx
          .update(webhookEndpoints)
          .set({
            sealedSecret,
            sealedPreviousSecret,
            previousUntil: sql<Instant>`now() + ${millisecondsInterval(overlapMs)}`,
          })
          .where(and(ownedBy(organization, id), eq(webhookEndpoints.sealedSecret, current.sealedSecret)))
          .returning();
        if (!row) return undefined;
        await recordAct(tx, organization, id, 'endpoint.secret_rotated', noted);
        return toEndpoint(row);
      });
    },

    async getWithSecrets(use): Promise<EndpointWithSecrets | undefined> {
      const sealed = await read(use);
      if (!sealed) return undefined;
      const { sealedSecret: _, sealedPreviousSecret: __, ...endpoint } = sealed;
      return { ...endpoint, secrets: await secretsOf(use, sealed) };
    },

    async recordFailure(id, answer) {
      await db
        .update(webhookEndpoints)
        .set({
          failingSince: sql`coalesce(failing_since, now())`,
          lastFailureAt: sql`now()`,
          lastAnswer: answer,
        })
        .where(eq(webhookEndpoints.id, id));
    },

    async disable(organization, id, reason) {
      const { rows } = await db.execute(sql`
        WITH disabled AS (
          UPDATE webhook_endpoints SET
            status = 'disabled', disabled_reason = ${reason}, disabled_at = coalesce(disabled_at, now())
          WHERE id = ${id} AND organization = ${organization}
            AND (status = 'enabled' OR disabled_reason = ${reason})
          RETURNING disabled_at
        )
        SELECT disabled_at AS at, ARRAY(
          SELECT id FROM webhook_endpoints
          WHERE organization = ${organization} AND status = 'enabled' AND id <> ${id} ORDER BY id
        ) AS others FROM disabled
      `);
      return rows[0] && disabledSchema.parse(rows[0]);
    },
  };
};

type Row = typeof webhookEndpoints.$inferSelect;
type Transaction = Parameters<Parameters<Database['transaction']>[0]>[0];

const ownedBy = (organization: OrganizationId, id: EndpointId) =>
  and(eq(webhookEndpoints.organization, organization), eq(webhookEndpoints.id, id));

const enabledColumns = {
  status: 'enabled',
  disabledAt: null,
  disabledReason: null,
  failingSince: null,
} as const;

const disabledByAdministratorColumns = {
  status: 'disabled',
  disabledAt: sql<Instant>`now()`,
  disabledReason: 'Disabled by an administrator.',
} as const;

const recordAct = (
  tx: Transaction,
  organization: OrganizationId,
  target: EndpointId,
  act: `endpoint.${string}`,
  noted: ActorWithDetail,
): Promise<void> => createAdministrativeActs(tx).record({ organization, ...noted, act, target });

const enqueueSearch = async (
  tx: Transaction,
  organization: OrganizationId,
  id: EndpointId,
): Promise<void> => {
  await tx.execute(
    sql`INSERT INTO outbox (organization, endpoint, sequence) VALUES (${organization}, ${id}, 0)`,
  );
  await tx.execute(sql`SELECT pg_notify(${outboxChannel}, '')`);
};

/** For events that were being written just then, by statements that have not seen the endpoint enabled. */
const enqueueDelayedSearch = async (
  tx: Transaction,
  organization: OrganizationId,
  id: EndpointId,
): Promise<void> => {
  await tx.execute(sql`
    INSERT INTO outbox (organization, endpoint, sequence, next_attempt_at)
    VALUES (${organization}, ${id}, 0, now() + ${millisecondsInterval(delayedSearchMs)})
  `);
};

const sealedSchema = z.object({
  id: endpointIdSchema,
  url: z.string(),
  status: z.enum(endpointStatuses),
  eventTypes: z.array(z.string()),
  createdAt: instantFromDatabase,
  sealedSecret: z.string(),
  sealedPreviousSecret: z.string().nullable(),
});
type Sealed = z.infer<typeof sealedSchema>;

const disabledSchema = z.object({ at: instantFromDatabase, others: z.array(endpointIdSchema) });

const toEndpoint = (row: Row): WebhookEndpoint => ({
  id: endpointIdSchema.parse(row.id),
  organization: organizationIdSchema.parse(row.organization),
  url: row.url,
  eventTypes: row.eventTypes,
  status: row.status,
  disabledReason: row.disabledReason ?? undefined,
  disabledAt: row.disabledAt ?? undefined,
  previousSecretUntil: row.previousUntil ?? undefined,
  failingSince: row.failingSince ?? undefined,
  lastSuccessAt: row.lastSuccessAt ?? undefined,
  lastFailureAt: row.lastFailureAt ?? undefined,
  lastAnswer: row.lastAnswer ?? undefined,
  createdAt: toInstant(row.createdAt.getTime()),
});
