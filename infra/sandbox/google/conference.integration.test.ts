import { describe, expect, it } from 'vitest';
import { eventBody, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';

const primary = { calendarId: 'primary' };

const bodyWithConference = (id: string, requestId: string) => ({
  ...eventBody(id),
  conferenceData: { createRequest: { requestId, conferenceSolutionKey: { type: 'hangoutsMeet' } } },
});

describe('a Google conference', () => {
  it('is created once per request id', async () => {
    const { calendar } = await startGoogleSandbox();
    const insert = async (id: string, requestId: string) =>
      (
        await calendar.events.insert({
          ...primary,
          conferenceDataVersion: 1,
          requestBody: bodyWithConference(id, requestId),
        })
      ).data;
    const first = await insert('abc01', 'one');
    expect(first.hangoutLink).toMatch(/^https:\/\/meet\.google\.com\/[a-z]{3}-[a-z]{4}-[a-z]{3}$/);
    expect((await insert('abc02', 'one')).conferenceData?.conferenceId).toBe(
      first.conferenceData?.conferenceId,
    );
    expect((await insert('abc03', 'two')).conferenceData?.conferenceId).not.toBe(
      first.conferenceData?.conferenceId,
    );
  });

  it('is neither created nor changed without conferenceDataVersion=1', async () => {
    const { calendar } = await startGoogleSandbox();
    const { data } = await calendar.events.insert({
      ...primary,
      requestBody: bodyWithConference('abc01', 'one'),
    });
    expect(data).not.toHaveProperty('conferenceData');
    const target = { ...primary, eventId: 'abc01' };
    const added = await calendar.events.patch({
      ...target,
      conferenceDataVersion: 1,
      requestBody: bodyWithConference('abc01', 'one'),
    });
    const kept = await calendar.events.update({ ...target, requestBody: eventBody('abc01') });
    expect(kept.data.hangoutLink).toBe(added.data.hangoutLink);
  });

  it('is refused when the calendar does not allow its type, also in a patch', async () => {
    const { calendar } = await startGoogleSandbox({ google: { conference: { allowedTypes: [] } } });
    const refusal = { response: { status: 400 }, message: 'Invalid conference type value.' };
    const requestBody = bodyWithConference('abc01', 'one');
    const insert = (conferenceDataVersion: number) =>
      calendar.events.insert({ ...primary, conferenceDataVersion, requestBody });
    await expect(insert(1)).rejects.toMatchObject(refusal);
    await insert(0);
    await expect(
      calendar.events.patch({ ...primary, eventId: 'abc01', conferenceDataVersion: 1, requestBody }),
    ).rejects.toMatchObject(refusal);
    const { calendar: another } = await startGoogleSandbox();
    const createRequest = { requestId: 'one', conferenceSolutionKey: { type: 'zoom' } };
    await expect(
      another.events.insert({
        ...primary,
        conferenceDataVersion: 1,
        requestBody: { ...eventBody('abc01'), conferenceData: { createRequest } },
      }),
    ).rejects.toMatchObject(refusal);
  });

  it('is not written with an unknown value of sendUpdates', async () => {
    const { calendar } = await startGoogleSandbox();
    await expect(
      calendar.events.insert({ ...primary, sendUpdates: 'everyone', requestBody: eventBody('abc01') }),
    ).rejects.toMatchObject({ response: { status: 400 } });
    await calendar.events.insert({ ...primary, sendUpdates: 'none', requestBody: eventBody('abc01') });
    await expect(
      calendar.events.delete({ ...primary, eventId: 'abc01', sendUpdates: 'yes' }),
    ).rejects.toMatchObject({ response: { status: 400 } });
  });

  it('is pending for the configured time', async () => {
    let now = Date.parse('2026-12-01T08:00:00Z');
    const { calendar } = await startGoogleSandbox({ google: { conference: { pendingMs: 5000 } } }, () => now);
    const { data } = await calendar.events.insert({
      ...primary,
      conferenceDataVersion: 1,
      requestBody: bodyWithConference('abc01', 'one'),
    });
    expect(data.conferenceData?.createRequest?.status?.statusCode).toBe('pending');
    expect(data).not.toHaveProperty('hangoutLink');
    now += 5000;
    const later = await calendar.events.get({ ...primary, eventId: 'abc01' });
    expect(later.data.conferenceData?.createRequest?.status?.statusCode).toBe('success');
    expect(later.data.hangoutLink).toBeDefined();
    const again = await calendar.events.patch({
      ...primary,
      eventId: 'abc01',
      conferenceDataVersion: 1,
      requestBody: bodyWithConference('abc01', 'one'),
    });
    expect(again.data.hangoutLink).toBe(later.data.hangoutLink);
  });
});
