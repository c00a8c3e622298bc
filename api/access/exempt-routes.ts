/** Routes that are exempt from limits and from the request log. Each is named by its pattern. */

const probes: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/metrics']);

/** Returns whether load balancers and monitoring request the route every few seconds. */
export const isProbe = (route: string): boolean => probes.has(route);

/** Returns whether the route reports the health of the service. */
export const isMonitoring = (route: string): boolean => isProbe(route) || route.startsWith('/health/');

/** Returns whether the route receives the webhooks of a provider. */
export const isWebhookReceiver = (route: string): boolean => route.startsWith('/v1/webhooks/');
