/** Everything a test or a person can do to the sandbox that a vendor's API cannot. */
import type { Apple } from '../apple/apple.ts';
import type { CallCounter, Counts } from '../calls/counter.ts';
import { type Fault, type FaultRequest, faultRequestSchema } from '../faults/fault.ts';
import type { FaultRegistry } from '../faults/fault-registry.ts';
import type { BusyTime, Google } from '../google/google.ts';
import type { Microsoft } from '../microsoft/microsoft.ts';
import type { AuthorizationServer } from '../oauth/authorization-server.ts';
import type { InboundText, Twilio } from '../twilio/twilio.ts';
import { operationNames, type Vendor } from '../vendors.ts';
import { ZoomError } from '../zoom/errors.ts';
import type { ZoomEvent } from '../zoom/events.ts';
import type { Zoom } from '../zoom/zoom.ts';

export interface SandboxState {
  readonly google: ReturnType<Google['state']>;
  readonly microsoft: ReturnType<Microsoft['state']>;
  readonly zoom: ReturnType<Zoom['state']>;
  readonly apple: ReturnType<Apple['state']>;
  readonly twilio: ReturnType<Twilio['state']>;
  readonly faults: Record<Vendor, readonly Fault[]>;
  readonly calls: Record<Vendor, Counts>;
}

export interface SandboxControl {
  /** All that the vendors hold, the faults that are on, and the calls so far by operation and outcome. */
  state(): SandboxState;
  faults(): Record<Vendor, readonly Fault[]>;
  /** Throws a ControlError for an operation that the vendor does not have. */
  setFault(vendor: Vendor, request: FaultRequest): void;
  clearFaults(): void;
  /** Forgets everything: what is held, faults and counters. */
  reset(): void;
  /** The addresses a vendor may send people back to; none brings back the default. Throws a ControlError. */
  registerRedirects(vendor: Vendor, addresses: readonly string[]): void;
  /** All access tokens of a vendor are over at once. Throws a ControlError for one without any. */
  expireTokens(vendor: Vendor): void;
  /** As if the person had taken the app away at the vendor; answers how many grants went. Throws a ControlError. */
  revokeGrants(vendor: Vendor, account: string): number;
  addBusy(time: BusyTime): { readonly calendarId: string; readonly eventId: string };
  /** As if the meeting had begun, ended or been recorded. Throws a ControlError where there is no such meeting. */
  sendMeetingEvent(id: string, told: ZoomEvent): Promise<{ readonly webhook: string }>;
  receiveText(inbound: InboundText): Promise<{ readonly sid: string; readonly webhook: string }>;
}

/** A request that the sandbox cannot take; the message says what to send instead. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

export interface ControlParts {
  readonly google: Google;
  readonly microsoft: Microsoft;
  readonly zoom: Zoom;
  readonly apple: Apple;
  readonly twilio: Twilio;
  readonly faultRegistry: FaultRegistry;
  readonly calls: CallCounter;
}

/** Those of which people connect accounts on a page. */
const serverOf = ({ google, microsoft, zoom }: ControlParts, vendor: Vendor): AuthorizationServer => {
  const servers = { google: google.server, microsoft: microsoft.server, zoom: zoom.server };
  const found = new Map<Vendor, AuthorizationServer>(
    (['google', 'microsoft', 'zoom'] as const).map((name) => [name, servers[name]]),
  ).get(vendor);
  if (!found) throw new ControlError(`Nobody connects an account of ${vendor} on a page.`);
  return found;
};

export const createControl = (parts: ControlParts): SandboxControl => {
  const { google, microsoft, zoom, apple, twilio, faultRegistry, calls } = parts;
  return {
    state: () => ({
      google: google.state(),
      microsoft: microsoft.state(),
      zoom: zoom.state(),
      apple: apple.state(),
      twilio: twilio.state(),
      faults: faultRegistry.active(),
      calls: calls.counts(),
    }),
    faults: () => faultRegistry.active(),
    setFault(vendor, request) {
      const fault = faultRequestSchema.parse(request);
      const known = operationNames(vendor);
      if (fault.operation !== undefined && !known.includes(fault.operation)) {
        throw new ControlError(
          `${vendor} has no operation "${fault.operation}"; it has ${known.join(', ')}. Leave it out to mean all.`,
        );
      }
      if (fault.kind === 'none') faultRegistry.clear(vendor, fault.operation);
      else faultRegistry.set(vendor, fault);
    },
    clearFaults: () => faultRegistry.clearAll(),
    reset() {
      google.reset();
      microsoft.reset();
      zoom.reset();
      apple.reset();
      twilio.reset();
      faultRegistry.clearAll();
      calls.reset();
    },
    registerRedirects: (vendor, addresses) => serverOf(parts, vendor).redirects.register(addresses),
    expireTokens: (vendor) => serverOf(parts, vendor).grants.expireAccessTokens(),
    revokeGrants: (vendor, account) =>
      vendor === 'apple'
        ? apple.revokeAccount(account)
        : serverOf(parts, vendor).grants.revokeAccount(account),
    addBusy: (time) => google.addBusy(time),
    async sendMeetingEvent(id, told) {
      try {
        return { webhook: await zoom.tell(id, told) };
      } catch (error) {
        throw error instanceof ZoomError ? new ControlError(error.message) : error;
      }
    },
    receiveText: (inbound) => twilio.receive(inbound),
  };
};
