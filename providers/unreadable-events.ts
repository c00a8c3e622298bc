/** What is reported about calendars whose text comes from programs of many authors. */
import type { ConnectionId, OrganizationId } from '../domain/ids.ts';

/** The events of one calendar that could not be read, or not completely. */
export interface UnreadableEvents {
  readonly connection: ConnectionId;
  readonly organization: OrganizationId;
  readonly count: number;
  /** The first faults, without the ids of the events. */
  readonly faults: readonly string[];
}
