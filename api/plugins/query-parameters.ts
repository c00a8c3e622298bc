/** Refuses query parameters on routes that have none, as routes with parameters refuse unknown ones. */
import { z } from 'zod';
import type { Api } from '../api.ts';

const noParameters = z.strictObject({});

/** Vendors and calendar programs add parameters of their own to the addresses that they are given. */
const isCalledByOthers = (url: string): boolean =>
  url.startsWith('/v1/webhooks/') || url.startsWith('/v1/feeds/');

/** Must be called before the first route is added. */
export const refuseUnknownParameters = (api: Api): void => {
  api.addHook('onRoute', (route) => {
    if (!route.url.startsWith('/v1/') || isCalledByOthers(route.url)) return;
    route.schema = { querystring: noParameters, ...route.schema };
  });
};
