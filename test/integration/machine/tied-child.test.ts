import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { spawnTied } from '../../../machine/tied-child.ts'
import { isAlive } from '../../support/alive.ts'
import { until } from '../../support/nats.ts'
import { tiedParent } from '../../support/tied-parent.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-tied-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const gone = (pid: number) => until(`process ${pid} is gone`, () => !isAlive(pid), 10_000)
const childrenOf = (pid: number): number[] =>
  (spawnSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' }).stdout.match(/\d+/g) ?? []).map(Number)

/** Deaf to SIGTERM, so that only SIGKILL ends it. */
const deaf = `trap "" TERM HUP INT; while :; do sleep 1; done`

describe('T1 a child ends with its parent, however that ends', () => {
  test.each(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGABRT', 'SIGSEGV'] as const)(
    'by %s',
    async (signal) => {
      const { parent, line } = await tiedParent(
        `const child = spawnTied('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore'] }); console.log(child.pid)`,
      )
      expect(isAlive(Number(line))).toBe(true)
      parent.kill(signal)
      await gone(Number(line))
    },
  )

  test.each(['process.exit(3)', 'throw new Error("a fault")', 'process.abort()'])('by %s', async (end) => {
    const { line } = await tiedParent(
      `const child = spawnTied('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore'] })
       process.stdout.write(child.pid + '\\n', () => setTimeout(() => { ${end} }, 100))`,
    )
    await gone(Number(line))
  })

  test('one that is deaf to SIGTERM too', async () => {
    const { parent, line } = await tiedParent(
      `const child = spawnTied('sh', ['-c', ${JSON.stringify(deaf)}], { stdio: ['ignore', 'ignore', 'ignore'] }); console.log(child.pid)`,
    )
    parent.kill('SIGKILL')
    await gone(Number(line))
  })

  test('one that is stopped', async () => {
    const { parent, line } = await tiedParent(
      `const child = spawnTied('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore'] }); console.log(child.pid)`,
    )
    process.kill(Number(line), 'SIGSTOP')
    parent.kill('SIGKILL')
    await gone(Number(line))
  })

  test('all of a hundred, and none that had ended before', async () => {
    const { parent, line } = await tiedParent(
      `const pids = Array.from({ length: 100 }, () => spawnTied('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore'] }).pid)
       setTimeout(() => console.log(pids.join(' ')), 500)`,
    )
    const pids = line.split(' ').map(Number)
    expect(pids).toHaveLength(100)
    parent.kill('SIGKILL')
    await Promise.all(pids.map(gone))
  })
})

test('T2 a child begins only once it would be ended: one whose parent dies first never begins', async () => {
  const mark = join(folder, 'begun')
  const { line } = await tiedParent(
    `const child = spawnTied('sh', ['-c', 'echo begun > ${mark}; sleep 600'], { stdio: ['ignore', 'ignore', 'ignore'] })
     import('node:fs').then(({ writeSync }) => { writeSync(1, child.pid + '\\n'); process.kill(process.pid, 'SIGKILL') })
     // Nothing that Node would do in the background gets a turn before the end.
     for (const end = Date.now() + 20; Date.now() < end;);`,
  )
  await gone(Number(line))
  const begun = await readFile(mark, 'utf8').catch(() => '')
  // Where it had begun, it was known: it is gone all the same.
  expect(['', 'begun\n']).toContain(begun)
  expect(spawnSync('pgrep', ['-f', mark]).status).toBe(1)
})

test('T3 a reaper that is killed is started again, and knows all children', async () => {
  const { parent, line } = await tiedParent(
    `const child = spawnTied('sleep', ['600'], { stdio: ['ignore', 'ignore', 'ignore'] }); console.log(child.pid)`,
  )
  const reaper = childrenOf(parent.pid!).find((pid) => pid !== Number(line))!
  process.kill(reaper, 'SIGKILL')
  await until('there is another', () => childrenOf(parent.pid!).some((pid) => pid !== Number(line) && pid !== reaper))
  // It is told in the turn in which it was started.
  parent.kill('SIGKILL')
  await gone(Number(line))
})

describe('T4 what a child with a group of its own has started ends with it', () => {
  const family = `spawnTied('sh', ['-c', 'sleep 601 & echo $!; wait'], { stdio: ['ignore', 'pipe', 'ignore'], detached: true })`

  test('when its parent is killed', async () => {
    const { parent, line } = await tiedParent(`${family}.stdout.pipe(process.stdout)`)
    expect(isAlive(Number(line))).toBe(true)
    parent.kill('SIGKILL')
    await gone(Number(line))
  })

  test('when it is killed itself', async () => {
    const child = spawnTied('sh', ['-c', 'sleep 602 & echo $!; wait'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    })
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    child.kill('SIGKILL')
    await gone(Number(chunk.toString()))
  })
})

test('the rest is as with spawn: arguments, environment, folder, exit code, signal, and what cannot be started', async () => {
  const odd = ['', ' ', '$(id)', "it's", '"', '\\', 'ä\n', '-n', '*', '`x`']
  const child = spawnTied(
    process.execPath,
    ['-p', 'JSON.stringify([process.argv.slice(1), process.env.ODD, process.cwd()])', '--', ...odd],
    {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ODD: 'a b' },
      cwd: folder,
    },
  )
  let text = ''
  child.stdout.on('data', (chunk) => (text += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(JSON.parse(text)).toEqual([odd, 'a b', execFileSync('pwd', ['-P'], { cwd: folder, encoding: 'utf8' }).trim()])

  const quiet = { stdio: ['ignore', 'ignore', 'ignore'] } as const
  expect(await once(spawnTied('sh', ['-c', 'exit 7'], quiet), 'exit')).toEqual([7, null])
  expect(await once(spawnTied('sh', ['-c', 'kill -USR1 $$'], quiet), 'exit')).toEqual([null, 'SIGUSR1'])
  for (const missing of ['/no/such/program', 'no-such-program-anywhere'])
    expect(await once(spawnTied(missing, [], quiet), 'error')).toMatchObject([{ code: 'ENOENT' }])
  expect(await once(spawnTied(folder, [], quiet), 'error')).toMatchObject([{ code: 'EACCES' }])
})
