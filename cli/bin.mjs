#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: the rest needs the Node that the package brings.
import { spawnSync } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { explain, ownNode, runsHere } from './guard.mjs'

if (runsHere()) {
  const { streaming } = await import('./streaming.mjs')
  if (streaming.includes(process.argv[2])) setFlagsFromString('--optimize-for-size --semi-space-growth-factor=1')
  const { keepCompiled } = await import('./compile-cache.mjs')
  await keepCompiled()
  await import('./main.ts')
} else if (ownNode()) {
  // npm scripts find the package's Node on PATH; a plain `node cli/bin.mjs` may not.
  const { status, signal } = spawnSync(ownNode(), [process.argv[1], ...process.argv.slice(2)], { stdio: 'inherit' })
  if (signal) process.kill(process.pid, signal)
  process.exitCode = status ?? 1
} else {
  console.error(explain())
  process.exitCode = 2
}
