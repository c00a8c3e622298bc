/** Tests the permissions of rooms in the sandbox, and what a person can answer for them. */
import { describe, expect, it } from 'vitest';
import { eventBody, googleErrorOf, startGoogleSandbox } from '../../../tests/harness/google-sandbox.ts';
import { ControlError } from '../control/control.ts';

const studio = 'studio@resource.calendar.google.com';

describe('a room', () => {
  it('has a calendar that only the room itself writes to', async () => {
    const { sandbox, calendar } = await startGoogleSandbox();
    sandbox.control.addRoom('google', { email: studio, name: 'Studio 2' });
    expect(
      await googleErrorOf(calendar.events.insert({ calendarId: studio, requestBody: eventBody('a1b2c') })),
    ).toMatchObject({ status: 403, reason: 'requiredAccessLevel' });
    const { data } = await calendar.events.list({ calendarId: studio });
    expect(data.items).toEqual([]);
  });

  it('shows its events only as far as it is shared, and never outside of the organization', async () => {
    const { sandbox, calendar, connect } = await startGoogleSandbox();
    sandbox.control.addRoom('google', { email: studio, name: 'Studio 2', shares: 'busy' });
    expect(await googleErrorOf(calendar.events.list({ calendarId: studio }))).toMatchObject({ status: 403 });
    const outside = connect('pat@gmail.com');
    expect(await googleErrorOf(outside.calendar.events.list({ calendarId: studio }))).toMatchObject({
      status: 404,
    });
  });

  it('is asked again after a change of the time, and an organizer cannot answer for it', async () => {
    const { sandbox, calendar } = await startGoogleSandbox({ google: { roomAnswerMs: 5 } });
    sandbox.control.addRoom('google', { email: studio, name: 'Studio 2', answers: 'manual' });
    const guest = { email: studio, responseStatus: 'accepted' };
    const { data } = await calendar.events.insert({
      calendarId: 'primary',
      requestBody: { ...eventBody('a1b2c'), attendees: [guest] },
    });
    expect(data.attendees).toMatchObject([{ resource: true, responseStatus: 'needsAction' }]);
    sandbox.control.answerRoom('google', { room: studio, eventId: 'a1b2c', answer: 'tentative' });
    const { data: moved } = await calendar.events.patch({
      calendarId: 'primary',
      eventId: 'a1b2c',
      requestBody: { end: { dateTime: '2026-12-01T11:00:00Z' } },
    });
    expect(moved.attendees).toMatchObject([{ responseStatus: 'needsAction' }]);
    await calendar.events.delete({ calendarId: 'primary', eventId: 'a1b2c' });
    const { data: seen } = await calendar.events.list({ calendarId: studio });
    expect(seen.items).toEqual([]);
    expect(() =>
      sandbox.control.answerRoom('google', { room: studio, eventId: 'a1b2c', answer: 'accepted' }),
    ).toThrow(ControlError);
  });
});
