/** Returns provider settings with which the sandbox at `url` stands in for every vendor. */
import { z } from 'zod';
import { defaultsFor, sandboxAddress } from '../../foundation/configuration/defaults.ts';
import { providerSettingsOf, providerShape, providerVariables } from '../../providers/registry.ts';

export const sandboxSettings = (url: string) => {
  const set = Object.entries(defaultsFor('test', providerVariables)).map(([name, value]) => [
    name,
    value.replace(sandboxAddress, url),
  ]);
  const { smtp: _withoutMail, ...settings } = providerSettingsOf(
    z.object(providerShape).parse(Object.fromEntries(set)),
  );
  return { ...settings, allowedPrivateNetworks: ['127.0.0.0/8'] };
};
