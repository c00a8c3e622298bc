/** Tests rooms in the sandbox: their permissions, their answers, and invalid guests. */
import { describe, expect, it } from 'vitest';
import { startGraphSandbox } from '../../../tests/harness/graph-sandbox.ts';

const studio = 'studio@contoso.example';
const guest = { type: 'resource', emailAddress: { address: studio } };
const immutable = { prefer: 'IdType="ImmutableId"' };
const event = {
  subject: 'Audition',
  start: { dateTime: '2026-12-01T09:00:00', timeZone: 'UTC' },
  end: { dateTime: '2026-12-01T10:00:00', timeZone: 'UTC' },
};

describe('a room', () => {
  it('is listed with the scope for places only', async () => {
    const { control, call, url } = await startGraphSandbox();
    control.addRoom('microsoft', { email: studio, name: 'Studio 2' });
    expect(await call('GET', `${url}/v1.0/places/microsoft.graph.room`)).toMatchObject({
      status: 403,
      body: { error: { code: 'ErrorAccessDenied' } },
    });
  });

  it('has an event of its own until it declines, and is asked again after a change of the time', async () => {
    const { control, call } = await startGraphSandbox();
    control.addRoom('microsoft', { email: studio, name: 'Studio 2', answers: 'manual' });
    const { body } = await call('POST', '/calendar/events', { ...event, attendees: [guest] }, immutable);
    const eventId = String(body['id']);
    const held = () =>
      control
        .state()
        .microsoft.calendars.filter(({ owner }) => owner === studio)
        .flatMap(({ events }) => events.filter(({ deleted }) => !deleted));
    expect(held()).toMatchObject([{ showAs: 'tentative', iCalUId: body['iCalUId'] }]);
    control.answerRoom('microsoft', { room: studio, eventId, answer: 'declined' });
    expect(held()).toEqual([]);
    const changed = await call(
      'PATCH',
      `/calendar/events/${eventId}`,
      { end: { dateTime: '2026-12-01T11:00:00', timeZone: 'UTC' } },
      immutable,
    );
    expect(changed.body['attendees']).toMatchObject([{ status: { response: 'none' } }]);
    expect(held()).toHaveLength(1);
  });

  it.each([{ type: 'room', emailAddress: { address: studio } }, { type: 'resource' }])(
    'is no guest as %j',
    async (attendee) => {
      const { call } = await startGraphSandbox();
      expect(await call('POST', '/calendar/events', { ...event, attendees: [attendee] })).toMatchObject({
        status: 400,
        body: { error: { code: 'ErrorInvalidRecipients' } },
      });
    },
  );
});
