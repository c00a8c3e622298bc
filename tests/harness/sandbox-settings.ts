/** The settings with which the sandbox at an address plays every vendor: the local defaults, at that address. */
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
