/** The dependencies of a simulated vendor. */
import type { CallCounter } from './calls/counter.ts';
import type { ChangeNotifier } from './change-notifier.ts';
import type { FaultRegistry } from './faults/fault-registry.ts';
import type { Clock } from './time.ts';

export interface VendorDependencies<Settings> {
  readonly settings: Settings;
  readonly clock: Clock;
  /** Notified when the stored state has changed. */
  readonly changeNotifier: ChangeNotifier;
  readonly calls: CallCounter;
  readonly faultRegistry: FaultRegistry;
}
