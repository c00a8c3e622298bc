/**
 * One problem with one setting. Never contains the value, because the value may be a secret and problems are
 * logged.
 */
export interface ConfigurationProblem {
  readonly name: string;
  /** Follows the name in a sentence, and says what to do. */
  readonly message: string;
}

/** Lists every problem with the settings in one error. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly problems: readonly ConfigurationProblem[];

  constructor(problems: readonly ConfigurationProblem[]) {
    const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
    const lines = problems.map(({ name, message }) => `  ${name} ${message}`);
    super(`${count} wrong or missing:\n${lines.join('\n')}\nAll settings: docs/configuration.md`);
    this.problems = problems;
  }
}
