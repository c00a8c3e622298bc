import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createBufferCollection } from './buffer-collection.ts';

const megabyte = 1_000_000;

describe('the collection of buffers', () => {
  it('keeps the memory of dead buffers far below what has passed', () => {
    const passed = createBufferCollection();
    const before = process.memoryUsage().arrayBuffers;
    let largest = 0;
    for (let count = 0; count < 4_000; count += 1) {
      passed(Buffer.allocUnsafeSlow(64 * 1_024).length);
      largest = Math.max(largest, process.memoryUsage().arrayBuffers - before);
    }
    expect(largest).toBeLessThan(40 * megabyte);
  });

  it('exposes no function to contexts that are created later, such as those of workflows', () => {
    createBufferCollection();
    expect(runInNewContext('typeof gc')).toBe('undefined');
  });
});
