/**
 * Runs a program of subcommands. Prints the message of an expected error and exits with code 1. Rethrows
 * other errors.
 */
import { type Command, CommanderError } from 'commander';

export const runProgram = async (
  program: Command,
  isExpected: (error: unknown) => error is Error,
): Promise<void> => {
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode;
    else if (isExpected(error)) {
      console.error(error.message);
      process.exitCode = 1;
    } else throw error;
  }
};
