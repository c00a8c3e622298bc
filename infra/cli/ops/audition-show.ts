/** `ops auditions show`: the audition in the read model, in Temporal, in the ledger and in the holds. */
import { Command } from 'commander';
import type { AuditionId } from '../../../domain/ids.ts';
import { ConfigurationError } from '../../../foundation/configuration/configuration.ts';
import { renderFacts } from '../table.ts';
import { TemporalUnreachable, withTemporal } from '../temporal.ts';
import { auditionSchema, describeAudition } from './audition.ts';
import { eventTable, lastEvents } from './audition-events.ts';
import { parseAuditionId } from './audition-id.ts';
import { type AuditionWorkflow, describeAuditionWorkflow, isStuck } from './audition-workflow.ts';
import { apiContext } from './http-client.ts';
import { readStanding, renderStanding, type Standing } from './standing.ts';

/** A part of the answer that needs more access than the API gives: the value, or why there is none. */
type Readable<Value> = { readonly value: Value } | { readonly unreadable: string };

const tryToRead = async <Value>(read: () => Promise<Value>): Promise<Readable<Value>> => {
  try {
    return { value: await read() };
  } catch (error) {
    if (error instanceof ConfigurationError || error instanceof TemporalUnreachable)
      return { unreadable: error.message };
    return { unreadable: error instanceof Error ? error.message : String(error) };
  }
};

const workflowLines = (workflow: Readable<AuditionWorkflow>): string => {
  if ('unreadable' in workflow) return `The workflow could not be read. ${workflow.unreadable}`;
  const { status, runId, startedAt, endedAt, events } = workflow.value;
  return renderFacts([
    ['workflow in Temporal', isStuck(workflow.value) ? `${status}, but its workflow task fails` : status],
    ['run', runId ?? 'none'],
    ['started', startedAt ?? 'never'],
    ['ended', endedAt ?? 'not yet'],
    ['events', String(events ?? 0)],
  ]);
};

const standingLines = (id: AuditionId, standing: Readable<Standing>): readonly string[] =>
  'unreadable' in standing
    ? [`Holds and ledger could not be read. ${standing.unreadable}`]
    : renderStanding(id, standing.value);

const valueOf = <Value>(readable: Readable<Value>): Value | undefined =>
  'value' in readable ? readable.value : undefined;

/** Creates the command. It needs the API; it also shows what Temporal and the database say when they are configured. */
export const auditionShowCommand = (): Command =>
  new Command('show')
    .description('show the current state of an audition, what was arranged for it, and what stands')
    .argument('<id>', 'the id of the audition, of its workflow, or of an attention item', parseAuditionId)
    .action(async (id: AuditionId, _options: object, command: Command) => {
      const { client, output } = apiContext(command);
      const audition = await client.call(auditionSchema, 'GET', `/v1/auditions/${id}`);
      const [events, workflow, standing] = await Promise.all([
        lastEvents(client, audition),
        tryToRead(() => withTemporal((temporal) => describeAuditionWorkflow(temporal, id))),
        tryToRead(() => readStanding(id)),
      ]);
      output.show({ ...audition, events, workflow: valueOf(workflow), ...valueOf(standing) }, () =>
        [
          describeAudition(audition),
          eventTable(events),
          workflowLines(workflow),
          ...standingLines(id, standing),
        ].join('\n'),
      );
    });
