/**
 * `ops calendars reconcile`: lists all events of connected calendars and compares them with what this service has written.
 * Asks the synchronisation of each connection through Temporal. So the quotas of the provider are respected, and a
 * connection is never reconciled twice simultaneously.
 */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { Command, InvalidArgumentError } from 'commander';
import { type ConnectionId, connectionIdSchema } from '../../../domain/ids.ts';
import { calendarSyncWorkflowId } from '../../../domain/workflow-ids.ts';
import { isDeadlineOver } from '../../../foundation/temporal/call-deadline.ts';
import {
  type CalendarReconciliationResult,
  calendarSyncWorkflowType,
  reconcileCalendarsUpdate,
} from '../../../workflows/calendar-sync/messages.ts';
import { createOutput } from '../output.ts';
import { renderTable } from '../table.ts';
import { withTemporal } from '../temporal.ts';
import { wholeNumber } from '../whole-number.ts';
import { CommandFailed } from './http-client.ts';

const parseConnectionId = (text: string): ConnectionId => {
  const parsed = connectionIdSchema.safeParse(text.replace(/^calendar-sync\//, ''));
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError('Connection ids begin with conn_.');
};

/** Returns the connections whose calendars an open audition uses. Visibility is some seconds behind. */
const synchronizedConnections = async (
  temporal: Client,
  taskQueue: string,
): Promise<readonly ConnectionId[]> => {
  const connections: ConnectionId[] = [];
  const query = `WorkflowType = "${calendarSyncWorkflowType}" AND TaskQueue = "${taskQueue}" AND ExecutionStatus = "Running"`;
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    const connection = connectionIdSchema.safeParse(workflowId.replace(/^calendar-sync\//, '')).data;
    if (connection) connections.push(connection);
  }
  return connections;
};

type Reconciled =
  | CalendarReconciliationResult
  /** No open audition uses the calendars. */
  | { readonly kind: 'unused' };

interface ReconcileOptions {
  readonly dryRun?: boolean;
  readonly wait: number;
}

const reconcile = async (
  temporal: Client,
  connection: ConnectionId,
  { dryRun: isDryRun = false, wait }: ReconcileOptions,
): Promise<Reconciled> => {
  const handle = temporal.workflow.getHandle(calendarSyncWorkflowId(connection));
  try {
    return await temporal.withDeadline(Date.now() + wait * 1_000, () =>
      handle.executeUpdate(reconcileCalendarsUpdate, { args: [{ isDryRun }] }),
    );
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { kind: 'unused' };
    if (!isDeadlineOver(error)) throw error;
    throw new CommandFailed(
      `The calendars of ${connection} were not compared within the time of --wait. Do workers run? The comparison continues; run the command again to see its result.`,
    );
  }
};

const describe = (connection: ConnectionId, result: Reconciled, isDryRun: boolean): string => {
  switch (result.kind) {
    case 'unused':
      return `${connection}: no open audition uses its calendars.`;
    case 'not_reconciled':
      return `${connection}: not compared, the synchronisation is in the state ${result.status}. See docs/runbooks/calendar-sync.md.`;
    case 'reconciled': {
      const unread = result.calendars.filter(({ error }) => error !== undefined);
      const compared = result.calendars.length - unread.length;
      return [
        compared === 0 && unread.length > 0
          ? `${connection}: not compared.`
          : `${connection}: compared ${compared} calendars, ${result.findings.length} findings.`,
        ...unread.map(({ calendar, error }) => `${calendar} was not compared: ${error}`),
        ...(result.findings.length === 0
          ? []
          : [
              renderTable(
                ['audition', 'participant', 'fault', isDryRun ? 'would be' : 'repair'],
                result.findings.map(({ auditionId, participant = '', fault, repair, failure }) => [
                  auditionId,
                  participant,
                  fault,
                  failure === undefined ? repair : `not ${repair}: ${failure}`,
                ]),
              ),
            ]),
      ].join('\n');
    }
  }
};

const isIncomplete = (result: Reconciled): boolean =>
  result.kind === 'not_reconciled' ||
  (result.kind === 'reconciled' &&
    (result.calendars.some(({ error }) => error !== undefined) ||
      result.findings.some(({ failure }) => failure !== undefined)));

/** Creates the command `ops calendars`. */
export const calendarsCommand = (): Command => {
  const calendars = new Command('calendars').description('the calendars that open auditions use');
  calendars
    .command('reconcile')
    .description(
      'list all events of the calendars, compare them with what was written, and repair what differs; exits with 1 when something could not be compared or repaired',
    )
    .argument(
      '[connection]',
      'the id of a connection; without it, all connections one after the other',
      parseConnectionId,
    )
    .option('--dry-run', 'only print what differs')
    .option('--wait <seconds>', 'how long to wait for each connection', wholeNumber('use seconds'), 300)
    .action(async (only: ConnectionId | undefined, options: ReconcileOptions, command: Command) => {
      const output = createOutput(command);
      await withTemporal(async (temporal, taskQueue) => {
        const connections = only ? [only] : await synchronizedConnections(temporal, taskQueue);
        const results: { readonly connection: ConnectionId; readonly result: Reconciled }[] = [];
        for (const connection of connections) {
          results.push({ connection, result: await reconcile(temporal, connection, options) });
        }
        if (results.some(({ result }) => isIncomplete(result))) process.exitCode = 1;
        output.show(results, () =>
          results.length === 0
            ? 'No open audition uses a connected calendar.'
            : results
                .map(({ connection, result }) => describe(connection, result, options.dryRun === true))
                .join('\n\n'),
        );
      });
    });
  return calendars;
};
