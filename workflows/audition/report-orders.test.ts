import { describe, expect, it } from 'vitest';
import { createReportOrders } from './report-orders.ts';

const ada = (change: number) => ({ order: { incarnation: 'ada', change } });

describe('the order of reports', () => {
  it('accepts each later report once, and no earlier one', () => {
    const orders = createReportOrders();
    expect([1, 3, 2, 3, 4].map((change) => orders.isLatest(ada(change)))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(orders.last).toEqual([{ incarnation: 'ada', change: 4 }]);
  });

  it('is kept for each event and participant, and carried over', () => {
    const orders = createReportOrders([{ incarnation: 'ada', change: 2 }]);
    expect(orders.isLatest(ada(2))).toBe(false);
    expect(orders.isLatest({ order: { incarnation: 'ben', change: 1 } })).toBe(true);
  });

  it('accepts reports of earlier versions, which have no place', () => {
    const orders = createReportOrders();
    expect([orders.isLatest({}), orders.isLatest({})]).toEqual([true, true]);
  });

  it('begins with the last reports to an earlier run, for a run that takes over', () => {
    const orders = createReportOrders([{ incarnation: 'ben', change: 7 }]);
    orders.adopt([{ incarnation: 'ada', change: 5 }]);
    expect([5, 6].map((change) => orders.isLatest(ada(change)))).toEqual([false, true]);
    expect(orders.last).toEqual([{ incarnation: 'ada', change: 6 }]);
  });
});
