/** Where people expect things, when nothing else is there. Temporal's two are in temporal-dev.yaml. */
export const preferredPorts = {
  'the API': 3000,
  'the provider sandbox': 4010,
  'the inbox': 1080,
  SMTP: 1025,
  PostgreSQL: 5433,
  'worker metrics': 9464,
} as const;
