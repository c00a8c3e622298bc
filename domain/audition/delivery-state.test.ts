import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deliveryStates, hasConsequence, isDeliveryProblem, isLaterDelivery } from './delivery-state.ts';
import { type DeliveryStatus, deliveryStatuses } from './delivery-statuses.ts';

const status = fc.constantFrom(...deliveryStatuses);

/** The state of a message after these reports. */
const after = (reports: readonly DeliveryStatus[]) =>
  reports.reduce<DeliveryStatus>(
    (before, report) => (isLaterDelivery(report, before) ? report : before),
    'queued',
  );

describe('the state of a delivery', () => {
  it('is the same after all reports, in whatever order and however often they arrive', () => {
    fc.assert(
      fc.property(fc.array(status), fc.nat(), (reports, by) => {
        const turned = [
          ...reports.slice(by % (reports.length + 1)),
          ...reports.slice(0, by % (reports.length + 1)),
        ];
        expect(after([...turned, ...turned])).toBe(after(reports));
      }),
    );
  });

  it('has a rank of its own, so that two states never replace each other', () => {
    expect(new Set(Object.values(deliveryStates).map(({ rank }) => rank)).size).toBe(deliveryStatuses.length);
  });

  it.each([
    ['queued', []],
    ['sent', []],
    ['deferred', []],
    ['delivered', []],
    ['failed', ['next_channel', 'attention']],
    ['bounced', ['suppress', 'next_channel', 'attention']],
    ['complained', ['suppress', 'attention']],
  ] as const)('%s has the consequences %j', (entered, consequences) => {
    expect(deliveryStates[entered].consequences).toEqual(consequences);
    expect(isDeliveryProblem(entered)).toBe(consequences.length > 0);
    expect(hasConsequence(entered, 'suppress')).toBe(entered === 'bounced' || entered === 'complained');
  });

  it('is bounced or complained after it was delivered', () => {
    expect(isLaterDelivery('bounced', 'delivered')).toBe(true);
    expect(isLaterDelivery('complained', 'bounced')).toBe(true);
    expect(isLaterDelivery('delivered', 'bounced')).toBe(false);
  });
});
