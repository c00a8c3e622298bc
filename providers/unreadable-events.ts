/** What is reported about calendars whose events cannot be read completely. */
import { z } from 'zod';
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';
import { cutText } from '../domain/text-length.ts';
import type { ConnectedAccount, LeftOutOfPage, UnreadEvents } from './ports.ts';

/** The events of one calendar that could not be read, or not completely. */
export interface UnreadableEvents {
  readonly connection: ConnectionId;
  readonly organization: OrganizationId;
  /** The id of the calendar at the vendor. It can be an email address: do not log it. */
  readonly calendarId: string;
  readonly count: number;
  /** Different faults, without the ids of the events. */
  readonly faults: readonly string[];
}

/** Receives what could not be read. */
export type ReportUnreadable = (events: UnreadableEvents) => void;

/** Collects what is left out of one answer of a vendor. */
export interface LeftOut {
  /**
   * @param fault such as `unreadable_time: end`. Never a text that a person wrote.
   * @param event is left out of a page of changes
   */
  add(fault: string, event?: UnreadEvents): void;
  /**
   * Parses items one by one: one that cannot be read is left out, and does not hide the others.
   * @param unnamed what an item without an id stands for
   */
  read<Shape extends z.ZodType>(
    shape: Shape,
    items: readonly unknown[],
    unnamed?: UnreadEvents,
  ): readonly z.output<Shape>[];
  /** Returns what was left out; undefined when nothing was. */
  found(): LeftOutOfPage | undefined;
  /** Reports what was left out, if anything was. */
  report(): void;
}

const maxReportedFaults = 10;

/** Adds that an event is in a zone that is not known, and was read in another one. @param zone undefined: its zones are known */
export const reportZone = ({ add }: Pick<LeftOut, 'add'>, zone: string | undefined): void => {
  if (zone !== undefined) add(`unknown_zone: ${cutText(zone, 80)}`);
};

/** Returns the different faults, at most ten: a calendar with one bad program behind it has thousands of equal ones. */
export const differentFaults = (faults: Iterable<string>): readonly string[] => {
  const different = new Set<string>();
  for (const fault of faults) {
    different.add(fault);
    if (different.size === maxReportedFaults) break;
  }
  return [...different];
};

const namedSchema = z.object({ id: z.string().min(1) });

/** Creates a collection. */
export const createLeftOut = (
  { id: connection, organization }: Pick<ConnectedAccount, 'id' | 'organization'>,
  calendarId: string,
  reportUnreadable: ReportUnreadable,
): LeftOut => {
  const faults: string[] = [];
  const events: UnreadEvents[] = [];
  const add: LeftOut['add'] = (fault, event) => {
    faults.push(fault);
    if (event) events.push(event);
  };
  return {
    add,
    read: (shape, items, unnamed = { by: 'unknown' }) =>
      items.flatMap((item) => {
        const parsed = shape.safeParse(item);
        if (parsed.success) return [parsed.data];
        const named = namedSchema.safeParse(item).data;
        add(
          `unreadable_event: ${parsed.error.issues[0]?.path.join('.') || 'item'}`,
          named ? { by: 'id', id: named.id } : unnamed,
        );
        return [];
      }),
    found: () => (faults.length === 0 ? undefined : { events, faults: differentFaults(faults) }),
    report: () => {
      if (faults.length === 0) return;
      const count = faults.length;
      reportUnreadable({ connection, organization, calendarId, count, faults: differentFaults(faults) });
    },
  };
};
