/** The defaults of the local stack, which the sandbox accepts. */
import { serviceVariables } from '../../foundation/configuration/defaults.ts';
import { appleVariables } from '../../providers/apple/settings.ts';
import { googleVariables } from '../../providers/google/settings.ts';
import { microsoftVariables } from '../../providers/microsoft/settings.ts';
import { smtpVariables } from '../../providers/smtp/settings.ts';
import { twilioVariables } from '../../providers/twilio/settings.ts';
import { zoomVariables } from '../../providers/zoom/settings.ts';

export const localDefaults = {
  ...serviceVariables.local,
  ...googleVariables.local,
  ...microsoftVariables.local,
  ...appleVariables.local,
  ...zoomVariables.local,
  ...twilioVariables.local,
  ...smtpVariables.local,
};
