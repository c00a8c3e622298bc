/** The user of the CalDAV servers that tests start, or of the one that `CALDAV_URL` names. */
import { env } from 'node:process';

export const caldavUser = {
  username: env['CALDAV_USERNAME'] ?? 'ann@example.com',
  password: env['CALDAV_PASSWORD'] ?? 'sand-boxx-appl-pass',
} as const;
