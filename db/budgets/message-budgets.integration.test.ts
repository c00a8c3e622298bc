import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../tests/harness/database.ts';
import { deleteOldMessageCharges } from '../retention.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let organizations = 0;
const setup = () => {
  organizations += 1;
  const organization = `org_budget_${organizations}` as const;
  const { messageBudgets } = database.repositories;
  let notices = 0;
  const charge = ({ budget = 10, units = 1, mayUseReserve = false, key = '' } = {}) => {
    notices += 1;
    return messageBudgets.charge({
      key: key || `${organization}:notice-${notices}`,
      organization,
      channel: 'sms',
      units,
      budget,
      mayUseReserve,
    });
  };
  const used = async () => (await messageBudgets.today(organization)).used.sms;
  const release = (key: string) => messageBudgets.release(key);
  return { release, organization, charge, used };
};

describe('the budget of an organization', () => {
  it('is never exceeded by simultaneous messages', async () => {
    const { charge, used } = setup();
    const charged = await Promise.all(Array.from({ length: 100 }, () => charge({ budget: 37, units: 2 })));
    expect(charged.filter(({ kind }) => kind === 'charged')).toHaveLength(18);
    expect(await used()).toBe(36);
  });

  it('counts a message once, however often and simultaneously it is counted', async () => {
    const { charge, used } = setup();
    const key = 'aud_1:invitation';
    await Promise.allSettled(Array.from({ length: 20 }, () => charge({ key })));
    expect(await charge({ key })).toMatchObject({ kind: 'charged', used: 1 });
    expect(await used()).toBe(1);
  });

  it('accepts a message that was counted before, when it is spent', async () => {
    const { charge } = setup();
    await charge({ key: 'aud_2:invitation', budget: 1 });
    expect(await charge({ budget: 1 })).toEqual({ kind: 'spent' });
    expect(await charge({ key: 'aud_2:invitation', budget: 1 })).toMatchObject({ kind: 'charged' });
  });

  it('has a reserve of 20 % for messages that cannot wait', async () => {
    const { charge, used } = setup();
    await charge({ units: 10 });
    expect(await charge()).toEqual({ kind: 'spent' });
    expect(await charge({ units: 2, mayUseReserve: true })).toMatchObject({ kind: 'charged', used: 12 });
    expect(await charge({ mayUseReserve: true })).toEqual({ kind: 'spent' });
    expect(await used()).toBe(12);
  });

  it('of 0 permits nothing', async () => {
    const { charge } = setup();
    expect(await charge({ budget: 0, mayUseReserve: true })).toEqual({ kind: 'spent' });
  });

  it('gives back once what was not sent', async () => {
    const { charge, release, used } = setup();
    await charge({ key: 'aud_3:invitation', units: 4 });
    await charge({ units: 3 });
    await release('aud_3:invitation');
    await release('aud_3:invitation');
    expect(await used()).toBe(3);
  });

  it('warns with one message at 80 %, also when that message is counted again, and again for a higher budget', async () => {
    const { charge } = setup();
    expect(await charge({ units: 7 })).toMatchObject({ isWarning: false });
    expect(await charge({ key: 'aud_4:invitation' })).toMatchObject({ isWarning: true, used: 8, budget: 10 });
    expect(await charge()).toMatchObject({ isWarning: false });
    expect(await charge({ key: 'aud_4:invitation' })).toMatchObject({ isWarning: true });
    expect(await charge({ budget: 20 })).toMatchObject({ isWarning: false, used: 10 });
    expect(await charge({ budget: 20, units: 6 })).toMatchObject({ isWarning: true, used: 16 });
  });

  it('warns once for an amount, although it was lowered or refused a message in between', async () => {
    const { charge } = setup();
    expect(await charge({ key: 'aud_7:invitation', units: 8 })).toMatchObject({
      isWarning: true,
      budget: 10,
    });
    expect(await charge({ budget: 5 })).toEqual({ kind: 'spent' });
    expect(await charge({ budget: 9 })).toMatchObject({ isWarning: false });
    expect(await charge({ budget: 10, units: 2 })).toEqual({ kind: 'spent' });
    expect(await charge({ key: 'aud_7:invitation' })).toMatchObject({ isWarning: true, budget: 10 });
    expect(await charge({ budget: 10 })).toMatchObject({ isWarning: false });
  });

  it('is that of another channel, organization and day alone', async () => {
    const { charge, organization, used, charge: chargeAgain } = setup();
    await charge({ units: 10 });
    const other = setup();
    expect(await other.charge({ units: 10 })).toMatchObject({ kind: 'charged' });
    expect(
      await database.repositories.messageBudgets.charge({
        key: 'aud_5:email',
        organization,
        channel: 'email',
        units: 10,
        budget: 10,
        mayUseReserve: false,
      }),
    ).toMatchObject({ kind: 'charged' });
    await database.pool.query('UPDATE message_budget_days SET day = day - 1 WHERE organization = $1', [
      organization,
    ]);
    expect(await used()).toBe(0);
    expect(await chargeAgain({ units: 10 })).toMatchObject({ kind: 'charged', used: 10 });
  });

  it('keeps the counts of past days for a time', async () => {
    const { charge, organization } = setup();
    await charge({ key: 'aud_6:invitation' });
    await database.pool.query("UPDATE message_charges SET day = day - 401 WHERE key = 'aud_6:invitation'");
    await database.pool.query('UPDATE message_budget_days SET day = day - 401 WHERE organization = $1', [
      organization,
    ]);
    expect(await deleteOldMessageCharges(database.db, 400)).toBe(1);
    expect(await charge({ key: 'aud_6:invitation' })).toMatchObject({ kind: 'charged', used: 1 });
  });
});
