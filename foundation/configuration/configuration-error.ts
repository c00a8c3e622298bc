/** One thing that is wrong with the settings. Never holds a value: it may be a secret, and it will be logged. */
export interface ConfigurationProblem {
  readonly name: string;
  /** Follows the name in a sentence, and says what to do. */
  readonly message: string;
}

/** The settings do not do: everything that is wrong with them, at once. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    const lines = problems.map(({ name, message }) => `  ${name} ${message}`);
    super(`${count} wrong or missing:\n${lines.join('\n')}\nAll of them: docs/configuration.md`);
    this.problems = problems;
  }
}
