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
import { type Actor, createAdministrativeActs } from '../access/administrative-acts.ts';
import type { Database } from '../client.ts';
import { endpointStatuses, webhookEndpoints } from '../schema/webhook-endpoints.ts';
import { instantFromDatabase, millisecondsInterval } from '../time.ts';
import { credentialReadsCte } from '../vault/credential-reads.ts';
import type { Vault } from '../vault/envelope-encryption.ts';
import { outboxChannel } from './outbox.ts';

/** An endpoint without its secrets. */
export interface WebhookEndpoint {
  readonly id: EndpointId;
  readonly organization: OrganizationId;
  readonly url: string;
  /** Empty means all event types. */
  readonly eventTypes: readonly string[];
  readonly status: 'enabled' | 'disabled';
  readonly disabledReason: string | undefined;
  readonly disabledAt: Instant | undefined;
  /** Until when the previous secret signs in addition to the current one. */
  readonly previousSecretUntil: Instant | undefined;
  /** Since when every delivery attempt has failed; undefined after a success. */
  readonly failingSince: Instant | undefined;
  readonly lastSuccessAt: Instant | undefined;
  readonly lastFailureAt: Instant | undefined;
  /** Result of the last attempt: an HTTP status, or the reason why there was no response. */
  readonly lastAnswer: string | undefined;
  readonly createdAt: Instant;
}

/** An endpoint with its secrets. Must not be kept longer than the call. */
export interface EndpointWithSecrets
  extends Pick<WebhookEndpoint, 'id' | 'url' | 'eventTypes' | 'createdAt'> {
  readonly status: WebhookEndpoint['status'];
  /** The newest secret first. */
  readonly secrets: readonly string[];
}

/** The endpoint whose secrets are read, and the purpose for the audit. */
interface EndpointUse {
  readonly organization: OrganizationId;
  readonly endpoint: EndpointId;
  readonly purpose: string;
  readonly correlationId: string;
}

/** The author of a change, and the detail of its administrative act. */
interface ActorWithDetail extends Actor {
  /** Must not contain secrets or personal data. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/**
 * Stores webhook endpoints. Each change and its administrative act are stored in one transaction. A call that changes
 * nothing stores no act.
 */
export interface WebhookEndpoints {
  /** Adds an endpoint. Returns false when the organization already has 20. */
  create(
    endpoint: {
      readonly id: EndpointId;
      readonly organization: OrganizationId;
      readonly url: string;
      readonly eventTypes: readonly string[];
      readonly secret: string;
    },
    actor: ActorWithDetail,
  ): Promise<boolean>;
  /** Returns an endpoint; undefined when the organization has none with this id. */
  get(organization: OrganizationId, id: EndpointId): Promise<WebhookEndpoint | undefined>;
  /** Returns the endpoints of an organization, the oldest first. */
  list(organization: OrganizationId): Promise<readonly WebhookEndpoint[]>;
  /**
   * Changes an endpoint. Undelivered events are sent immediately when the endpoint is enabled or its URL changes. Returns
   * undefined when there is no such endpoint.
   */
  update(
    organization: OrganizationId,
    id: EndpointId,
    changes: {
      readonly url?: string | undefined;
      readonly eventTypes?: readonly string[] | undefined;
      readonly status?: WebhookEndpoint['status'] | undefined;
    },
    actor: ActorWithDetail,
  ): Promise<WebhookEndpoint | undefined>;
  /** Deletes an endpoint with its data key and its delivery progress. Returns false when there is no such endpoint. */
  remove(organization: OrganizationId, id: EndpointId, actor: ActorWithDetail): Promise<boolean>;
  /**
   * Replaces the secret. The old secret signs in addition to the new one for `overlapMs` milliseconds. Returns undefined
   * when another process has rotated the secret meanwhile, or the endpoint was removed.
   */
  rotateSecret(
    use: EndpointUse,
    secret: string,
    overlapMs: number,
    actor: ActorWithDetail,
  ): Promise<WebhookEndpoint | undefined>;
  /** Decrypts the secrets for a delivery, and records the read. Undefined when there is no such endpoint. */
  getWithSecrets(use: EndpointUse): Promise<EndpointWithSecrets | undefined>;
  /** Records a failed delivery attempt. */
  recordFailure(id: EndpointId, answer: string): Promise<void>;
  /**
   * Disables an endpoint. Nothing is delivered to it any more. Returns the time and the organization's other enabled
   * endpoints. Idempotent by the reason: the same reason gets the same time, another reason gets undefined.
   */
  disable(
    organization: OrganizationId,
    id: EndpointId,
    reason: string,
  ): Promise<{ readonly at: Instant; readonly others: readonly EndpointId[] } | undefined>;
}

/** Endpoints per organization. Every event is delivered to each of them, so more is a mistake. */
const maxEndpoints = 20;

/** Longer than the statement timeout (15 s): after this, every statement that saw the endpoint disabled has ended. */
const delayedSearchMs = 30_000;

type Column = 'secret' | 'previous_secret';

/** Binds a sealed secret to its endpoint and column. A copy in another row or column does not open. */
const sealingContextOf = (organization: OrganizationId, id: EndpointId, column: Column): string =>
  `webhook_endpoints.${column} of ${id} of ${organization}`;

/** Creates the repository of webhook endpoints. Secrets are sealed under the endpoint's own data key. */
export const createWebhookEndpoints = (
  db: Database,
  vault: Pick<Vault, 'seal' | 'open' | 'destroy'>,
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
    async create({ id, organization, url, eventTypes, secret }, actor) {
      const sealedSecret = await vault.seal(id, secret, sealingContextOf(organization, id, 'secret'));
      const creating = db.transaction(async (tx) => {
        const { rowCount } = await tx.execute(sql`
          INSERT INTO webhook_endpoints (id, organization, url, event_types, sealed_secret)
          SELECT ${id}, ${organization}, ${url}, ${sql.param([...eventTypes])}::text[], ${sealedSecret}
          WHERE (SELECT count(*) FROM webhook_endpoints WHERE organization = ${organization}) < ${maxEndpoints}
        `);
        if (rowCount !== 1) return false;
        await enqueueDelayedSearch(tx, organization, id);
        await recordAct(tx, organization, id, 'endpoint.created', actor);
        return true;
      });
      const isCreated = await creating.catch(async (error: unknown) => {
        await vault.destroy(id);
        throw error;
      });
      if (!isCreated) await vault.destroy(id);
      return isCreated;
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

    async update(organization, id, { url, eventTypes, status }, actor) {
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
        await recordAct(tx, organization, id, 'endpoint.changed', actor);
        return toEndpoint(after);
      });
    },

    async remove(organization, id, actor) {
      return db.transaction(async (tx) => {
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
        await recordAct(tx, organization, id, 'endpoint.removed', actor);
        // Last, and before the commit: after a crash in between, the endpoint is still there, and is removed again.
        await vault.destroy(id);
        return true;
      });
    },

    async rotateSecret(use, secret, overlapMs, actor) {
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
        await recordAct(tx, organization, id, 'endpoint.secret_rotated', actor);
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

/** The reason of an endpoint that a person has disabled. The others were disabled because deliveries failed. */
export const disabledByAdministrator = 'Disabled by an administrator.';

const disabledByAdministratorColumns = {
  status: 'disabled',
  disabledAt: sql<Instant>`now()`,
  disabledReason: disabledByAdministrator,
} as const;

const recordAct = (
  tx: Transaction,
  organization: OrganizationId,
  target: EndpointId,
  act: `endpoint.${string}`,
  actor: ActorWithDetail,
): Promise<void> => createAdministrativeActs(tx).record({ organization, ...actor, act, target });

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

/** Finds events of concurrent statements that still saw the endpoint disabled and wrote no outbox row. */
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
