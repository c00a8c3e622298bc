/** Routes that are exempt from limits and from the request log. Each is named by its pattern. */

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Whether machines request the route every few seconds. */
export const isProbe = (route: string): boolean => probes.has(route);

/** Whether the route reports the health of the service. */
export const isMonitoring = (route: string): boolean => isProbe(route) || route.startsWith('/health/');

/** Whether the route receives the webhooks of a provider. */
export const isWebhookReceiver = (route: string): boolean => route.startsWith('/v1/webhooks/');
