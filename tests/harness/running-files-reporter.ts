/**
 * Says every two minutes which test files have been running for longer than that, and which of their tests is. A run that hangs, or
 * that is cut off from outside, shows the place.
 */
import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

const periodMs = 120_000;

interface RunningFile {
  readonly since: number;
  test?: { readonly name: string; readonly since: number };
}

const seconds = (since: number): string => `${Math.round((Date.now() - since) / 1_000)} s`;

export class RunningFilesReporter implements Reporter {
  readonly #files = new Map<string, RunningFile>();
  #vitest: Vitest | undefined;
  #timer: NodeJS.Timeout | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunStart(): void {
    this.#timer = setInterval(() => this.#print(), periodMs);
    // A run ends although this timer exists.
    this.#timer.unref();
  }

  onTestModuleQueued({ moduleId }: TestModule): void {
    this.#files.set(moduleId, { since: Date.now() });
  }

  onTestCaseReady({ module, fullName }: TestCase): void {
    const file = this.#files.get(module.moduleId);
    if (file) file.test = { name: fullName, since: Date.now() };
  }

  onTestCaseResult({ module }: TestCase): void {
    delete this.#files.get(module.moduleId)?.test;
  }

  onTestModuleEnd({ moduleId }: TestModule): void {
    this.#files.delete(moduleId);
  }

  onTestRunEnd(): void {
    clearInterval(this.#timer);
  }

  #print(): void {
    for (const [file, { since, test }] of this.#files) {
      if (Date.now() - since < periodMs) continue;
      const part = test ? `"${test.name}" for ${seconds(test.since)}` : 'between two tests';
      this.#vitest?.logger.log(`running for ${seconds(since)}: ${relative(process.cwd(), file)}, ${part}`);
    }
  }
}
