/** Renders the views of the connections pages. */
import { join } from 'node:path';
import { Eta } from 'eta';

const eta = new Eta({ views: join(import.meta.dirname, 'views'), cache: true, autoTrim: [false, 'nl'] });

type View =
  | 'layout'
  | 'connect-form'
  | 'apple-form'
  | 'feed-form'
  | 'card'
  | 'accounts'
  | 'calendars'
  | 'message';

/** Returns the HTML of a view. Texts are escaped, unless the view says otherwise. */
export const render = (view: View, data: object): string => eta.render(view, data);
