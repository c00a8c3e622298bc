/** Deletes an event at the sandbox, as a person does in the calendar. */
import { expect } from 'vitest';
import { z } from 'zod';

const grantSchema = z.object({ access_token: z.string().describe('The access token') });

/** Deletes an event of the main calendar of a Google account. */
export const deleteGoogleEvent = async (
  sandboxUrl: string,
  account: string,
  eventId: string | undefined,
): Promise<void> => {
  const grant = await fetch(`${sandboxUrl}/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'refresh_token',
      refresh_token: `sandbox-refresh-${account}`,
      client_id: 'sandbox-google-client',
      client_secret: 'sandbox-google-secret',
    }),
  });
  const { access_token } = grantSchema.parse(await grant.json());
  const deleted = await fetch(`${sandboxUrl}/calendar/v3/calendars/primary/events/${eventId}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${access_token}` },
  });
  expect(deleted.status).toBe(204);
};
