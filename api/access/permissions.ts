/**
 * The roles that may call each route of the API. The API does not start with a route that is missing from the table,
 * so no route is open by mistake.
 */
import type { ApiRole } from '../../db/access/api-keys.ts';

/** `public` needs no key: the route has its own check (signed link, signed webhook) or returns nothing private. */
export type Permission = readonly ApiRole[] | 'public';

const anyRole = ['backend', 'operator', 'admin'] as const satisfies Permission;
/**
 * Operators read and resolve the auditions of their organization. The codec server is the exception: a payload does
 * not name its organization, so operators can decrypt the payloads of all organizations. These two roles are
 * therefore for the platform's own staff. Never give a key with one of them to a casting office (docs/api.md).
 */
export const operators = ['operator', 'admin'] as const satisfies Permission;
const platform = ['backend', 'admin'] as const satisfies Permission;

export const permissions: Readonly<Record<string, Permission>> = {
  'POST /v1/auditions': platform,
  'GET /v1/auditions': anyRole,
  'GET /v1/auditions/:id': anyRole,
  'GET /v1/auditions/:id/events': anyRole,
  'POST /v1/auditions/:id/respond': anyRole,
  'POST /v1/auditions/:id/reschedule': anyRole,
  'POST /v1/auditions/:id/cancel': anyRole,
  'POST /v1/auditions/:id/decide': anyRole,
  'POST /v1/auditions/:id/check-in': anyRole,
  'POST /v1/auditions/:id/reopen': anyRole,
  'POST /v1/auditions/:id/participants': anyRole,
  'PUT /v1/auditions/:id/participants/:participant': anyRole,
  'DELETE /v1/auditions/:id/participants/:participant': anyRole,
  'GET /v1/attention': operators,
  'POST /v1/attention/:id/resolve': operators,
  'POST /v1/availability': anyRole,
  'POST /v1/participants/:participant/feed': platform,
  'POST /v1/participants/:participant/feed/rotate': platform,
  'DELETE /v1/participants/:participant/feed': platform,
  'POST /v1/session-blocks': anyRole,
  'GET /v1/session-blocks': anyRole,
  'GET /v1/session-blocks/:id': anyRole,
  'PUT /v1/session-blocks/:id': anyRole,
  'DELETE /v1/session-blocks/:id': anyRole,
  'POST /v1/session-blocks/:id/split': anyRole,
  'GET /v1/session-blocks/:id/sessions': anyRole,
  'PUT /v1/session-blocks/:id/sessions/:at': anyRole,
  'DELETE /v1/session-blocks/:id/sessions/:at': anyRole,
  'POST /v1/session-blocks/:id/feed': platform,
  'POST /v1/session-blocks/:id/feed/rotate': platform,
  'DELETE /v1/session-blocks/:id/feed': platform,
  'GET /v1/connections': anyRole,
  'GET /v1/connections/page': anyRole,
  'GET /v1/connections/:id/calendars': anyRole,
  'PUT /v1/connections/:id/calendars': platform,
  'GET /v1/connections/:id/rooms': anyRole,
  'GET /v1/connections/:provider/authorize': anyRole,
  'DELETE /v1/connections/:id': platform,
  'GET /v1/administrative-acts': ['admin'],
  'POST /v1/webhook-endpoints': ['admin'],
  'GET /v1/webhook-endpoints': operators,
  'GET /v1/webhook-endpoints/:id': operators,
  'PATCH /v1/webhook-endpoints/:id': ['admin'],
  'DELETE /v1/webhook-endpoints/:id': ['admin'],
  'POST /v1/webhook-endpoints/:id/rotate-secret': ['admin'],
  'POST /v1/webhook-endpoints/:id/replay': ['admin'],
  'POST /v1/webhook-endpoints/:id/test': ['admin'],
  'POST /codec/encode': operators,
  'POST /codec/decode': operators,

  'POST /v1/webhooks/google': 'public',
  'POST /v1/webhooks/mail': 'public',
  'POST /v1/webhooks/mail/inbound': 'public',
  'POST /v1/webhooks/microsoft': 'public',
  'POST /v1/webhooks/twilio': 'public',
  'POST /v1/webhooks/zoom': 'public',
  'GET /v1/connections/:provider/callback': 'public',
  'GET /connections/:token': 'public',
  'POST /connections/:token/connect': 'public',
  'POST /connections/:token/apple': 'public',
  'POST /connections/:token/feed': 'public',
  'GET /connections/:token/calendars/:connection': 'public',
  'POST /connections/:token/calendars': 'public',
  'POST /connections/:token/disconnect': 'public',
  'GET /v1/feeds/:file': 'public',
  'GET /respond/:token': 'public',
  'POST /respond/:token': 'public',
  'POST /codec/:key/encode': 'public',
  'POST /codec/:key/decode': 'public',
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /health/integrations': 'public',
  'GET /health/integrations/:provider': 'public',
  'GET /metrics': 'public',
  'GET /openapi.json': 'public',
  'GET /docs': 'public',
  'GET /docs/': 'public',
  'GET /docs/js/scalar.js': 'public',
  'GET /favicon.ico': 'public',
};
