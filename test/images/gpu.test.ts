import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, globSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type TestCluster, withCluster } from '../support/cluster.ts'
import { openCommands } from '../support/command.ts'
import { runTool } from '../support/deploy-tools.ts'
import { type GenerateFolder, openGenerateFolder } from '../support/generate.ts'
import { writeMiniTask } from '../support/mini-task.ts'
import { until } from '../support/nats.ts'
import { joinFile, operatorHost } from '../support/nodes.ts'
import { makeTinyStudent, runtimePython } from '../support/python.ts'
import { build, machine, podman, sealedOff, why } from './podman.ts'

const reason =
  why ??
  (!process.env.SYLLABUS_GPU_IMAGE
    ? 'SYLLABUS_GPU_IMAGE=1 builds it: it fetches 3 GB and takes 15 GB of disk'
    : !machine.join(' ').includes('--network host')
      ? 'SYLLABUS_PODMAN_OPTIONS without --network host: a container would not reach a server of this machine'
      : null)
const tags = { agents: 'localhost/syllabus-agents:gpu-tested', gpu: 'localhost/syllabus-gpu:tested' }
/** The user of the images. */
const nobody = 10001

describe.skipIf(reason)(`the image of GPU nodes${reason ? ` (skipped: ${reason})` : ''}`, () => {
  const commands = openCommands()
  let folder: GenerateFolder
  let cluster: TestCluster
  let scratch: string
  beforeAll(async () => {
    folder = await openGenerateFolder()
    cluster = await withCluster({ size: 1, topology: false })
    scratch = await mkdtemp(join(tmpdir(), 'syllabus-gpu-image-'))
    chmodSync(scratch, 0o755)
    build('agents', tags.agents)
    build('gpu', tags.gpu, '--build-arg', `AGENTS_IMAGE=${tags.agents}`)
  }, 3_600_000)
  afterAll(async () => {
    runTool(podman!, ['rm', '--force', 'syllabus-gpu-tested'])
    await commands[Symbol.asyncDispose]()
    await cluster[Symbol.asyncDispose]()
    await folder[Symbol.asyncDispose]()
    await rm(scratch, { recursive: true, force: true })
    for (const tag of Object.values(tags)) runTool(podman!, ['rmi', '--force', tag])
  })

  test('brings the runtime and the embedded student, which a home in its volume is linked to', () => {
    const script =
      'id -u; for each in runtime students; do readlink /data/home/$each/*; done; /data/home/runtime/*/bin/python -c "import torch; print(torch.version.cuda)"'
    const { code, output } = runTool(podman!, ['run', '--rm', ...machine, ...sealedOff, tags.gpu, 'sh', '-c', script])
    expect(code, output).toBe(0)
    expect(output).toMatch(
      /10001\n(\/opt\/syllabus-home\/runtime\/\S+\n)+(\/opt\/syllabus-home\/students\/\S+\n)+\d+\.\d+/,
    )
  }, 300_000)

  test('is a node that trains and answers for a run of another host, fetches nothing, and drains', async () => {
    const student = await makeTinyStudent(await runtimePython(), join(scratch, 'tiny'))
    const task = await writeMiniTask(join(scratch, 'task'), 2)
    const file = await joinFile(folder.path, cluster, 'gpu', ['trainer-bridge'])
    // The container's user reads them; weights are written for their owner alone.
    for (const each of [file, student, ...globSync(join(student, '*'))]) chownSync(each, nobody, nobody)
    const mounted = ['--volume', `${file}:/etc/syllabus/node.json:ro`, '--volume', `${scratch}:${scratch}:ro`]
    const words = ['run', '--name', 'syllabus-gpu-tested', ...machine, ...sealedOff, ...mounted, tags.gpu]
    const started = [...words, 'syllabus', 'node', 'start', '/etc/syllabus/node.json', '--trainer-bridge', '1']
    const container = spawn(podman!, started, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [container.stdout, container.stderr]) stream.on('data', (part: Buffer) => (output += part))
    const roles = ['planner', 'generator', 'critic', 'evaluator'] as const
    const others = await joinFile(folder.path, cluster, 'others', roles)
    const node = commands.started(
      folder.command('others', ['node', 'start', others, ...roles.flatMap((role) => [`--${role}`, '1'])]),
    )
    const env = { ...(await operatorHost(folder.path, cluster)), SYLLABUS_RUNS: join(folder.path, 'runs') }
    const options = ['--student', student, '--rows', '24', '--attempts', '1', '--no-retention', '--arms', 'none']
    const run = commands.started(
      folder.command('run', ['run', task, '--run-id', 'gpu', '--no-agents', ...options], env),
    )
    container.once('close', () => run.child.kill('SIGTERM'))
    expect(await run.ended, `${run.output()}\n--\n${node.output()}\n--\n${output}`).toBe(0)
    expect(output).toContain('works for gpu: 1 trainer-bridge')
    expect(output).not.toMatch(/downloading|fetching/i)
    await until('it waits', () => /works for gpu[\s\S]*waits for a run/.test(output), 60_000)
    runTool(podman!, ['stop', '--time', '60', 'syllabus-gpu-tested'])
    const [code] = container.exitCode === null ? await once(container, 'close') : [container.exitCode]
    expect(code, output).toBe(0)
  }, 900_000)
})
