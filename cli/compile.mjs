// After an install: compiles what commands and agents start with, so that the first start is as quick as the next.
import { runsHere } from './guard.mjs'

const startedWith = [
  './run/conduct.ts',
  './generate/generate.ts',
  '../agents/planner/agent.ts',
  '../agents/planner/llm/open.ts',
  '../agents/planner/rules/graph.ts',
  '../agents/generator/agent.ts',
  '../agents/critic/agent.ts',
  '../agents/evaluator/agent.ts',
  '../trainer-bridge/agent.ts',
]

if (runsHere()) {
  const { keepCompiled } = await import('./compile-cache.mjs')
  await keepCompiled()
  // An install does not fail for what is only quicker with it.
  await Promise.allSettled(startedWith.map((path) => import(path)))
}
