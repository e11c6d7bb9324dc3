// After an install: compiles what commands and agents start with, so that the first start is as quick as the next.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runsHere } from './node-version-check.mjs'
import { moduleOf } from './source-files.mjs'

const startedWith = [
  '../experiments/run/run-session.ts',
  '../experiments/generate/generate.ts',
  '../agents/planner/agent.ts',
  '../agents/planner/llm/open.ts',
  '../agents/planner/rules/graph.ts',
  '../agents/generator/agent.ts',
  '../agents/critic/agent.ts',
  '../agents/evaluator/agent.ts',
  '../trainer-bridge/agent.ts',
]

if (runsHere()) {
  const { keepCompiled, streaming } = await import('./compile-cache.mjs')
  await keepCompiled()
  // An install does not fail for what is only quicker with it.
  await Promise.allSettled(startedWith.map((path) => import(moduleOf(path, import.meta.url))))
  // These set V8 otherwise, and code is kept for one setting alone.
  const bin = fileURLToPath(new URL('./bin.mjs', import.meta.url))
  for (const command of streaming) spawnSync(process.execPath, [bin, command, '--help'], { stdio: 'ignore' })
}
