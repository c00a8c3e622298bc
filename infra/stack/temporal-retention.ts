/**
 * Reads and extends how long a Temporal namespace keeps ended workflows. Temporal alone has the names and addresses of an
 * audition, so a closed audition can be reopened only while Temporal keeps its workflow.
 */
import { Connection } from '@temporalio/client';
import { msToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';
import { defaultPolicy } from '../../domain/audition/policy.ts';
import { day } from '../../domain/time/units.ts';
import type { TemporalConfiguration } from '../../foundation/configuration/configuration.ts';
import { temporalConnectionOptions } from '../../foundation/temporal/connection.ts';

/** The shortest retention, in days, with which every audition with the default policy can be reopened. */
export const neededRetentionDays = defaultPolicy.reopenWithin / day + 1;

const connectWithinMs = 3_000;

const withConnection = async <Result>(
  server: TemporalConfiguration,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> => {
  const options = { ...temporalConnectionOptions(server), connectTimeout: connectWithinMs };
  const connection = await Connection.connect(options);
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
};

/** Returns the retention of the namespace in days. @throws when the server does not answer or forbids it. */
export const readRetentionDays = (server: TemporalConfiguration): Promise<number> =>
  withConnection(server, async ({ workflowService }) => {
    const { config } = await workflowService.describeNamespace({ namespace: server.namespace });
    return (optionalTsToMs(config?.workflowExecutionRetentionTtl) ?? 0) / day;
  });

/** Sets the retention of the namespace if it is shorter. The development server begins with one day. */
export const extendRetention = (server: TemporalConfiguration, days: number): Promise<void> =>
  withConnection(server, async ({ workflowService }) => {
    const { namespace } = server;
    const { config } = await workflowService.describeNamespace({ namespace });
    if ((optionalTsToMs(config?.workflowExecutionRetentionTtl) ?? 0) >= days * day) return;
    await workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: msToTs(days * day) },
    });
  });
