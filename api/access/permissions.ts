/**
 * Who may do what: every route of the API and the roles that may call it. A route that is not in the table does not
 * start, so that none is open by oversight.
 */
import type { ApiRole } from '../../db/access/api-keys.ts';

/** `public` needs no key: the route guards itself (a signed link, a signed webhook) or tells nothing. */
export type Permission = readonly ApiRole[] | 'public';

const everyone = ['backend', 'operator', 'admin'] as const satisfies Permission;
/**
 * They read and resolve what belongs to their organization. The codec alone knows no organizations, since a payload
 * does not say whose it is: whoever may ask it reads all of them, as whoever may open the Temporal Web UI does. These
 * two roles are therefore the platform's own, and no key with them goes to a casting office (docs/api.md).
 */
export const operators = ['operator', 'admin'] as const satisfies Permission;
const platform = ['backend', 'admin'] as const satisfies Permission;

export const permissions: Readonly<Record<string, Permission>> = {
  'POST /v1/auditions': platform,
  'GET /v1/auditions': everyone,
  'GET /v1/auditions/:id': everyone,
  'GET /v1/auditions/:id/events': everyone,
  'POST /v1/auditions/:id/respond': everyone,
  'POST /v1/auditions/:id/reschedule': everyone,
  'POST /v1/auditions/:id/cancel': everyone,
  'POST /v1/auditions/:id/decide': everyone,
  'POST /v1/auditions/:id/check-in': everyone,
  'GET /v1/attention': operators,
  'POST /v1/attention/:id/resolve': operators,
  'POST /v1/availability': everyone,
  'GET /v1/connections': everyone,
  'GET /v1/connections/page': everyone,
  'GET /v1/connections/:provider/authorize': everyone,
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
  'POST /v1/webhooks/microsoft': 'public',
  'POST /v1/webhooks/twilio': 'public',
  'POST /v1/webhooks/zoom': 'public',
  'GET /v1/connections/:provider/callback': 'public',
  'GET /connections/:token': 'public',
  'POST /connections/:token/connect': 'public',
  'POST /connections/:token/apple': 'public',
  'POST /connections/:token/disconnect': 'public',
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
