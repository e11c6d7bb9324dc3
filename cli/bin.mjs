#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it: the rest needs the Node that the package brings.
import { spawn } from 'node:child_process'
import { setFlagsFromString } from 'node:v8'
import { addSelf, innerEnvironment, outerGone, whenNpmIsGone } from '../machine/outer-process.mjs'
import { explain, ownNode, runsHere } from './node-version-check.mjs'

/** Set for the inner process: it has an outer one. */
const inner = 'SYLLABUS_INNER'

/** Whoever passed signals on is gone: this process stops as if it were asked to; a command that cannot stop in order ends at once. */
const onOuterGone = () => process.emit(outerGone) || process.kill(process.pid, 'SIGTERM')

if (runsHere()) {
  if (process.env[inner]) {
    delete process.env[inner]
    if (process.env.SYLLABUS_OUTER) addSelf()
    process.on('disconnect', onOuterGone)
    process.channel?.unref()
  } else whenNpmIsGone(onOuterGone)
  const { keepCompiled, streaming } = await import('./compile-cache.mjs')
  const { moduleOf } = await import('./source-files.mjs')
  if (streaming.includes(process.argv[2])) setFlagsFromString('--optimize-for-size --semi-space-growth-factor=1')
  await keepCompiled()
  await import(moduleOf('./main.ts', import.meta.url))
} else if (ownNode()) {
  // npm scripts find the package's Node on PATH; a plain `node cli/bin.mjs` may not.
  whenNpmIsGone(() => child.disconnect())
  const child = runInner(ownNode())
  // A program that started this command with a channel is gone.
  if (process.env[inner]) process.on('disconnect', () => child.disconnect())
} else {
  console.error(explain())
  process.exitCode = 2
}

/**
 * Runs the command in a Node of its own, and is as good as that one: signals reach it, its end is this process's end, with the same exit
 * code or signal, and it ends when this process is killed. (`process.execve` would need no second process; the Nodes that get here, before
 * 22.15, do not have it.)
 */
function runInner(node) {
  const child = spawn(node, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...innerEnvironment(process.env), [inner]: '1' },
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']
  for (const signal of signals) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`)
    process.exitCode = 2
  })
  child.on('exit', (code, signal) => {
    for (const each of signals) process.removeAllListeners(each)
    if (signal) process.kill(process.pid, signal)
    process.exitCode = code ?? 1
  })
  return child
}
