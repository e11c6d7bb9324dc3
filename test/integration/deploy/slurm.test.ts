import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tool } from '../../support/deploy-tools.ts'
import { until } from '../../support/nats.ts'

const root = join(import.meta.dirname, '../../..')
const missing = ['munged', 'slurmctld', 'slurmd', 'sbatch'].filter(
  (name) => !tool(name) && !existsSync(`/usr/sbin/${name}`),
)
const why = missing.length > 0 ? `no ${missing.join(', ')}` : userInfo().uid !== 0 ? 'its daemons need root' : null

/** In place of a node: it shows what it was started with, and takes a moment to drain. */
const standIn = `
console.log('started', process.argv.slice(2).join(' '), process.env.SYLLABUS_HOME)
const alive = setInterval(() => {}, 1000)
process.on('SIGTERM', () => {
  console.log('draining')
  setTimeout(() => { console.log('drained'); clearInterval(alive); process.exitCode = Number(process.env.ENDS_WITH ?? 0) }, 1000)
})
`

describe.skipIf(why)(`a one-node Slurm${why ? ` (skipped: ${why})` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'syllabus-slurm-'))
  const at = (...parts: string[]) => join(folder, ...parts)
  const ports = [20_000, 30_000].map((from) => from + Math.floor(Math.random() * 9000))
  const env = { ...process.env, SLURM_CONF: at('slurm.conf'), PATH: `${process.env.PATH}:/usr/sbin` }
  const run = (command: string, words: readonly string[], more: object = {}) => {
    const { status, stdout, stderr } = spawnSync(command, words, {
      encoding: 'utf8',
      env: { ...env, ...more },
      cwd: at('project'),
    })
    return { code: status, output: `${stdout}${stderr}` }
  }

  beforeAll(async () => {
    const host = hostname().split('.')[0]
    const lines = {
      ClusterName: 'trial',
      SlurmctldHost: `${host}(127.0.0.1)`,
      SlurmUser: 'root',
      SlurmdUser: 'root',
      AuthInfo: `socket=${at('munge.sock')}`,
      SlurmctldPort: ports[0],
      SlurmdPort: ports[1],
      StateSaveLocation: at('state'),
      SlurmdSpoolDir: at('spool'),
      SlurmctldPidFile: at('slurmctld.pid'),
      SlurmdPidFile: at('slurmd.pid'),
      SlurmctldLogFile: at('slurmctld.log'),
      SlurmdLogFile: at('slurmd.log'),
      ProctrackType: 'proctrack/linuxproc',
      TaskPlugin: 'task/none',
      JobAcctGatherType: 'jobacct_gather/none',
      MpiDefault: 'none',
    }
    const machines = [
      `NodeName=${host} NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN`,
      'PartitionName=all Nodes=ALL Default=YES State=UP',
    ]
    for (const name of ['state', 'spool', 'project/cli', 'project/deploy']) mkdirSync(at(name), { recursive: true })
    writeFileSync(
      at('slurm.conf'),
      `${[...Object.entries(lines).map((pair) => pair.join('=')), ...machines].join('\n')}\n`,
    )
    writeFileSync(at('munge.key'), randomBytes(1024), { mode: 0o600 })
    cpSync(join(root, 'deploy/images'), at('project/deploy/images'), { recursive: true })
    writeFileSync(at('project/cli/bin.mjs'), standIn)
    writeFileSync(at('gpu-1.node.json'), '{}', { mode: 0o600 })
    const files = [`--key-file=${at('munge.key')}`, `--socket=${at('munge.sock')}`, `--pid-file=${at('munged.pid')}`]
    const munge = run('munged', [
      '--force',
      ...files,
      `--log-file=${at('munged.log')}`,
      `--seed-file=${at('munge.seed')}`,
    ])
    expect(munge.code, munge.output).toBe(0)
    for (const daemon of ['slurmctld', 'slurmd']) expect(run(daemon, []).code).toBe(0)
    await until(
      'the node of Slurm is idle',
      () => run('sinfo', ['--noheader', '--format=%T']).output.includes('idle'),
      180_000,
    )
  }, 200_000)

  afterAll(() => {
    for (const daemon of ['slurmd', 'slurmctld', 'munged']) {
      const file = at(`${daemon}.pid`)
      if (existsSync(file)) process.kill(Number(readFileSync(file, 'utf8')), 'SIGTERM')
    }
    rmSync(folder, { recursive: true, force: true })
  })

  /** Submits the script; with less than its two minutes, so that the test does not take them. */
  const submit = (words: readonly string[], signal: string) => {
    const script = at(`node-${words.length}.sbatch`)
    const text = readFileSync(join(root, 'deploy/slurm/node.sbatch'), 'utf8')
    expect(text).toContain('#SBATCH --signal=B:TERM@120')
    writeFileSync(script, text.replace('TERM@120', signal))
    const { code, output } = run('sbatch', ['--parsable', '--time=1', `--output=${at('out-%j.log')}`, script, ...words])
    expect(code, output).toBe(0)
    const job = output.trim()
    const shown = () => (existsSync(at(`out-${job}.log`)) ? readFileSync(at(`out-${job}.log`), 'utf8') : '')
    return {
      job,
      shown,
      over: () =>
        until('the job is over', () => !run('squeue', ['--noheader', '--jobs', job]).output.includes(job), 90_000),
    }
  }

  test('a node starts from its join file, and drains before its time is over', async () => {
    const { job, shown, over } = submit([at('gpu-1.node.json')], 'TERM@30')
    await until('it has started', () => shown().includes('started'), 30_000)
    expect(shown()).toContain(`started node start ${at('gpu-1.node.json')} --name gpu-1-${job} --trainer-bridge gpus`)
    const home = /syllabus-\d+$/m.exec(shown())?.[0]
    await over()
    expect(shown()).toContain('drained')
    expect(run('scontrol', ['show', 'job', job]).output).toContain('ExitCode=0:0')
    expect(existsSync(join(tmpdir(), home!))).toBe(false)
  }, 180_000)

  test('it drains when it is asked to, with the options that it was given', async () => {
    const { job, shown, over } = submit([at('gpu-1.node.json'), '--generator', '1..8'], 'TERM@5')
    await until('it has started', () => shown().includes('started'), 30_000)
    expect(shown()).toContain(`--name gpu-1-${job} --generator 1..8 `)
    expect(run('scancel', ['--batch', '--signal=TERM', job]).code).toBe(0)
    await over()
    expect(shown()).toContain('drained')
  }, 180_000)

  test('without a join file the job ends, and says how it is given one', async () => {
    const { shown, over } = submit([], 'TERM@5')
    await over()
    expect(shown()).toContain('name the join file of a node')
  }, 90_000)
})
