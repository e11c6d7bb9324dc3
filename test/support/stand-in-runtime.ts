import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { defaultTopology } from '../../launcher/topology/topology-names.ts'
import { venvPath } from '../../provision/venv.ts'
import { loadTask } from '../../tasks/load.ts'
import { hello } from './fake-python.ts'
import { testHome } from './provision.ts'

/** How long a row is trained and a question is answered. */
export type Times = { rowMs: number; answerMs: number }

/** A home whose Python is the stand-in for the runtime (`stand-in-runtime.mjs`), with a student of one small file. */
export async function standInHome(home: string, task: string, times: Times): Promise<{ student: string }> {
  const bin = join(await venvPath(home), 'bin')
  await mkdir(bin, { recursive: true })
  await symlink(join(testHome, 'nats-server'), join(home, 'nats-server'))
  const loaded = await loadTask(task)
  const answers = Object.fromEntries([...loaded.validation, ...loaded.test].map(({ id, answer }) => [id, answer]))
  await writeFile(join(bin, 'settings.json'), JSON.stringify({ ...times, answers, hello }))
  const script = await readFile(new URL('stand-in-runtime.mjs', import.meta.url), 'utf8')
  await writeFile(join(bin, 'python.mjs'), script)
  // A script of a name without an ending is no module: the shell starts it.
  await writeFile(join(bin, 'python'), `#!/bin/sh\nexec "${process.execPath}" "${join(bin, 'python.mjs')}" "$@"\n`)
  await chmod(join(bin, 'python'), 0o755)
  await writeFile(join(bin, '..', 'syllabus-ready.json'), '{}')
  const student = join(home, 'student')
  await mkdir(student, { recursive: true })
  await writeFile(join(student, 'config.json'), '{}')
  return { student }
}

/** The local topology with so many bridges, the stand-in's student, and what a run says of its search. */
export async function standInTopology(
  path: string,
  { bridges, student, run = {} }: { bridges: number; student: string; run?: Record<string, unknown> },
): Promise<string> {
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  const bridge = topology.agents['trainer-bridge']
  bridge.replicas = bridges
  bridge.options = { ...bridge.options, student, perplexityRows: 0 }
  topology.agents.evaluator.options = { audit: { 'in-template': 2, 'heldout-phrasing': 2, 'heldout-range': 2 } }
  topology.run = { ...topology.run, ...run, evidence: { ...topology.run.evidence, retention: false } }
  await writeFile(path, stringify(topology))
  return path
}
