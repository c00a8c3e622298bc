import { describe, expect, it } from 'vitest';
import {
  type ActivityHarnessOptions,
  ada,
  noticeFacts,
  useActivityHarness,
} from '../../tests/harness/activity-harness.ts';
import type { SendNoticeInput } from '../contract.ts';

const benchFor = useActivityHarness();

let organizations = 0;
const setup = async (
  limits: Partial<NonNullable<ActivityHarnessOptions['messageLimits']>>,
  options: ActivityHarnessOptions = {},
) => {
  const bench = await benchFor({
    ...options,
    messageLimits: { sms: 100, email: 100, smsCountries: 'any', ...limits },
  });
  organizations += 1;
  const organization = `org_allowance_${organizations}` as const;
  await bench.repositories.organizations.put({ id: organization, name: 'North', meetingProviders: ['zoom'] });
  const common = {
    ...bench.about,
    organization,
    channel: 'sms',
    recipient: ada,
    audition: noticeFacts,
  } as const;
  const send = (step: string, changes: Partial<SendNoticeInput> = {}) =>
    bench.activities.sendNotice({ ...common, key: bench.key(step), notice: 'invitation', ...changes });
  const used = async () => (await bench.repositories.messageBudgets.today(organization)).used;
  const messages = () => bench.state().twilio.messages;
  const facts = async () =>
    (await bench.repositories.auditionRecords.readTrail(bench.auditionId)).map(({ fact }) => fact);
  return { ...bench, organization, common, send, used, messages, facts };
};

describe('a message', () => {
  it('is counted once when its answer was lost and it is sent again', async () => {
    const { send, used, messages, fault } = await setup({});
    fault('twilio', { kind: 'lost_answer', operation: 'messages.create', times: 1 });
    await expect(send('invitation')).rejects.toMatchObject({ nonRetryable: false });
    await send('invitation');
    await send('invitation');
    expect(messages()).toHaveLength(1);
    expect((await used()).sms).toBe(Number(messages()[0]?.num_segments));
  });

  it('is not counted when the provider certainly did not send it', async () => {
    const { send, used, fault } = await setup({});
    fault('twilio', { kind: 'rate_limit', operation: 'messages.create', retryAfterSeconds: 1, times: 1 });
    await expect(send('invitation')).rejects.toMatchObject({ type: 'retry_after' });
    expect((await used()).sms).toBe(0);
    fault('twilio', { kind: 'outage', operation: 'messages.create', times: 1 });
    await expect(send('update')).rejects.toMatchObject({ type: 'outage' });
    expect((await used()).sms).toBe(1);
  });

  it('stays counted when an earlier attempt, which may have sent it, has counted it', async () => {
    const { send, used, fault, repositories, organization, key } = await setup({});
    const charge = { organization, channel: 'sms', units: 1, budget: 100, mayUseReserve: false } as const;
    await repositories.messageBudgets.charge({ ...charge, key: key('invitation') });
    fault('twilio', { kind: 'rate_limit', operation: 'messages.create', retryAfterSeconds: 1, times: 1 });
    await expect(send('invitation')).rejects.toMatchObject({ type: 'retry_after' });
    expect((await used()).sms).toBe(1);
  });

  it('is not sent when the budget is spent, and is sent when it is raised', async () => {
    const { send, messages, repositories, organization } = await setup({ sms: 1 });
    await send('first');
    await expect(send('second')).rejects.toMatchObject({ type: 'budget_spent', nonRetryable: true });
    expect(messages()).toHaveLength(1);
    await repositories.organizations.grantLimits(organization, { sms: 5 });
    await send('second');
    expect(messages()).toHaveLength(2);
  });

  it('that cancels uses the reserve', async () => {
    const { send, messages } = await setup({ sms: 1 });
    await send('first');
    await send('cancelled', { notice: 'cancellation' });
    expect(messages()).toHaveLength(2);
  });

  it('is not sent to a country that the organization has removed from its list', async () => {
    const { send, messages, used, repositories, organization } = await setup({ smsCountries: ['FR', 'BE'] });
    await repositories.organizations.setOwnLimits(organization, { smsCountries: ['BE'] });
    await expect(send('first')).rejects.toMatchObject({ type: 'country_not_allowed', nonRetryable: true });
    expect(messages()).toEqual([]);
    expect((await used()).sms).toBe(0);
  });

  it('that cancels a text message is sent to a country that was removed from the list', async () => {
    const { send, activities, common, key, messages, repositories, organization } = await setup({});
    await send('first');
    await repositories.organizations.setOwnLimits(organization, { smsCountries: [] });
    const retraction = { ...common, key: key('cancelled'), sentAs: [key('first')] };
    expect(await activities.retractNotice(retraction)).toEqual({ result: 'undone' });
    expect(messages()).toHaveLength(2);
  });

  it('that cancels an email by text message is sent once, to the listed countries', async () => {
    const { send, activities, common, key, messages, inboxOf, repositories, organization } = await setup({
      email: 1,
    });
    const email = ada.email ?? '';
    await send('first', { channel: 'email' });
    const before = (await inboxOf(email)).length;
    await repositories.organizations.setOwnLimits(organization, { email: 0, smsCountries: [] });
    const byEmail = { ...common, key: key('by-email'), channel: 'email', sentAs: [key('first')] } as const;
    await expect(activities.retractNotice(byEmail)).rejects.toMatchObject({ type: 'budget_spent' });
    const byText = { ...byEmail, key: key('by-text'), cancelOn: 'sms' } as const;
    await expect(activities.retractNotice(byText)).rejects.toMatchObject({ type: 'country_not_allowed' });
    await repositories.organizations.setOwnLimits(organization, { email: 0 });
    expect(await activities.retractNotice(byText)).toEqual({ result: 'undone' });
    expect(await activities.retractNotice(byText)).toEqual({ result: 'undone' });
    expect(messages()).toHaveLength(1);
    expect(await inboxOf(email)).toHaveLength(before);
  });

  it('that nearly spends the budget is recorded on the trail, once', async () => {
    const { send, facts } = await setup({ sms: 2 });
    await send('first');
    expect(await facts()).not.toContainEqual(expect.objectContaining({ type: 'budget_nearly_spent' }));
    await send('second');
    await send('second');
    expect((await facts()).filter(({ type }) => type === 'budget_nearly_spent')).toMatchObject([
      { channel: 'sms', used: 2, budget: 2 },
    ]);
  });

  it('by email is counted and refused in a group, without the others', async () => {
    const { activities, common, key, used } = await setup({ email: 1, sms: 10 });
    const { recipient, channel: _, ...call } = common;
    const sent = await activities.sendNotices({
      ...call,
      notice: 'invitation',
      notices: [
        { key: key('email-1'), recipient, channel: 'email' },
        { key: key('email-2'), recipient, channel: 'email' },
        { key: key('sms-1'), recipient, channel: 'sms' },
      ],
    });
    expect(sent.sent).toHaveLength(2);
    expect(sent.failed).toMatchObject([{ failure: { code: 'budget_spent' } }]);
    expect((await used()).email).toBe(1);
  });
});
