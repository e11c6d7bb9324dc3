import { defineConfig } from 'vitest/config'
import { besidePackages } from './cli/compile-cache.mjs'
import { LongestFirst } from './test/support/sequencer.ts'

const results = process.env.SYLLABUS_TEST_RESULTS

/** Before tests that start processes: what these need is fetched. */
const globalSetup = ['test/support/provision.ts']

export default defineConfig({
  test: {
    // Agents that tests start are as quick as those of commands.
    env: { NODE_COMPILE_CACHE: besidePackages },
    pool: 'forks',
    // Real servers, processes and trainings: two at a time on a small machine.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    sequence: { sequencer: LongestFirst },
    projects: [
      // The quick loop: no processes and no state of its own, so that files share what they import.
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          isolate: false,
          setupFiles: ['test/support/free-signals.ts'],
        },
      },
      {
        extends: true,
        test: { name: 'integration', include: ['test/{integration,contract}/**/*.test.ts'], globalSetup },
      },
      // Not part of `npm test`: npm run test:kube installs the chart in KUBECONFIG's Kubernetes, test:images builds with podman.
      ...(process.env.SYLLABUS_DEPLOY
        ? ['kube', 'images'].map((name) => ({
            extends: true as const,
            test: { name, include: [`test/${name}/**/*.test.ts`], globalSetup },
          }))
        : []),
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], globalSetup } },
    ],
    // .ci/run counts from this file.
    ...(results ? { reporters: ['default', 'json'], outputFile: { json: results } } : {}),
  },
})
