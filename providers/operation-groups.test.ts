/** Tests that an outage of one group of operations does not stop another, for every vendor of the catalog. */
import { describe, expect, it } from 'vitest';
import { ProviderError } from '../domain/errors.ts';
import { vendorNames } from '../domain/providers/vendors.ts';
import { catalog } from './catalog.ts';
import { hasCircuit, isOperationGroup } from './operation-groups.ts';
import { type CallOperation, operationGroupsOf, operationsOf } from './operations.ts';
import { failuresToOpen } from './resilience/circuit.ts';
import { createCircuits } from './resilience/circuits.ts';

const call = { signal: new AbortController().signal, correlationId: 'c' };
const outage = { kind: 'outage', effect: 'none' } as const;

const setUp = () => {
  const circuits = createCircuits(() => {});
  const attempt = async (operation: CallOperation, connection: `conn_${string}`, isDown: boolean) => {
    try {
      return await circuits.run(operation, connection, call, async () => {
        if (!isDown) return 'answered';
        throw new ProviderError(operation.provider, operation.name, outage, { status: 503, message: 'no' });
      });
    } catch (error) {
      return error instanceof ProviderError && error.fault.kind === 'outage' && error.fault.circuit === 'open'
        ? 'held back'
        : 'failed';
    }
  };
  /** Two accounts fail: the failures of one account do not open the circuit of the vendor. */
  const failUntilOpen = async (operation: CallOperation) => {
    for (let n = 0; n < failuresToOpen; n += 1)
      for (const connection of ['conn_a', 'conn_b'] as const) await attempt(operation, connection, true);
  };
  return { attempt, failUntilOpen };
};

it.each(vendorNames)('every operation of %s belongs to a group', (vendor) => {
  for (const [name, { group }] of Object.entries(catalog[vendor].operations))
    expect(isOperationGroup(group), `${name} of ${vendor}`).toBe(true);
});

it('the vendors have the groups that fail apart from each other', () => {
  expect(
    Object.fromEntries(vendorNames.map((vendor) => [vendor, operationGroupsOf(vendor).filter(hasCircuit)])),
  ).toEqual({
    google: [
      'calendar_reads',
      'calendar_lists',
      'rooms',
      'calendar_changes',
      'watches',
      'calendar_writes',
      'meetings',
      'attendance',
      'recordings',
      'recording_settings',
    ],
    zoom: ['meetings', 'recordings', 'recording_settings', 'attendance', 'registrants', 'users'],
    twilio: ['text_lookups', 'texts'],
    smtp: ['emails'],
    microsoft: [
      'calendar_reads',
      'calendar_lists',
      'rooms',
      'calendar_changes',
      'watches',
      'calendar_writes',
      'meetings',
      'attendance',
      'recordings',
      'recording_settings',
    ],
    apple: ['calendar_reads', 'calendar_lists', 'calendar_changes', 'calendar_writes'],
    ics: [],
    storage: [],
  });
});

const vendorsWithCircuits = vendorNames.filter((vendor) => operationGroupsOf(vendor).some(hasCircuit));

describe.each(vendorsWithCircuits)('an outage of one group of operations of %s', (vendor) => {
  const operations = operationsOf(vendor);

  it.each(operationGroupsOf(vendor).filter(hasCircuit))('(%s) stops no other group', async (group) => {
    const { attempt, failUntilOpen } = setUp();
    const [failing] = operations.filter((operation) => operation.group === group);
    if (!failing) throw new Error('a group has operations');
    await failUntilOpen(failing);
    const results = await Promise.all(
      operations.map(async (operation) => [
        operation.name,
        operation.group,
        await attempt(operation, 'conn_c', false),
      ]),
    );
    expect(results).toEqual(
      operations.map(({ name, group: own }) => [name, own, own === group ? 'held back' : 'answered']),
    );
  });
});
