/** What is reported about calendars whose events cannot be read completely. */
import type { z } from 'zod';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import type { ConnectedAccount } from './ports.ts';

/** The events of one calendar that could not be read, or not completely. */
export interface UnreadableEvents {
  readonly connection: ConnectionId;
  readonly organization: OrganizationId;
  readonly count: number;
  /** The first faults, without the ids of the events. */
  readonly faults: readonly string[];
}

/** Receives what could not be read. */
export type ReportUnreadable = (events: UnreadableEvents) => void;

/** Collects what is left out of one answer of a vendor. */
export interface LeftOut {
  /** @param fault such as `unreadable_time: end`. Never a text that a person wrote. */
  add(fault: string): void;
  /** Parses items one by one: one that cannot be read is left out, and does not hide the others. */
  read<Shape extends z.ZodType>(shape: Shape, items: readonly unknown[]): readonly z.output<Shape>[];
  /** Reports what was left out, if anything was. */
  report(): void;
}

const maxReportedFaults = 5;

/** Creates a collection. */
export const createLeftOut = (
  { id: connection, organization }: Pick<ConnectedAccount, 'id' | 'organization'>,
  reportUnreadable: ReportUnreadable,
): LeftOut => {
  const faults: string[] = [];
  let count = 0;
  const add = (fault: string): void => {
    count += 1;
    if (faults.length < maxReportedFaults) faults.push(fault);
  };
  return {
    add,
    read: (shape, items) =>
      items.flatMap((item) => {
        const parsed = shape.safeParse(item);
        if (parsed.success) return [parsed.data];
        add(`unreadable_event: ${parsed.error.issues[0]?.path.join('.') || 'item'}`);
        return [];
      }),
    report: () => {
      if (count > 0) reportUnreadable({ connection, organization, count, faults });
    },
  };
};
