/** What every vendor is made of. */
import type { CallCounter } from './calls/counter.ts';
import type { Switchboard } from './faults/switchboard.ts';
import type { Pulse } from './pulse.ts';
import type { Clock } from './time.ts';

export interface VendorParts<Settings> {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Beaten when what is held has changed. */
  readonly pulse: Pulse;
  readonly calls: CallCounter;
  readonly switchboard: Switchboard;
}
