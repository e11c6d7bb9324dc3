import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runTool } from '../support/deploy-tools.ts'
import { build, machine, podman, root, sealedOff, why } from './podman.ts'

const tag = 'localhost/syllabus-agents:tested'

describe.skipIf(why)(`the agents' image${why ? ` (skipped: ${why})` : ''}`, () => {
  const run = (options: readonly string[], ...command: string[]) =>
    runTool(podman!, ['run', '--rm', ...machine, ...sealedOff, ...options, tag, ...command])

  beforeAll(() => build('agents', tag), 900_000)
  afterAll(() => void runTool(podman!, ['rmi', '--force', tag]))

  test('a command runs as nobody, with a read-only root, two folders to write in, and the Node of the lock file', () => {
    const { code, output } = run(
      [],
      'sh',
      '-c',
      'id -u; touch /opt/syllabus/x /etc/x; touch /data/x /tmp/x && echo written; node --version; syllabus --version',
    )
    expect(code, output).toBe(0)
    expect(output).toContain('10001\n')
    expect(output.match(/Read-only file system/g)).toHaveLength(2)
    expect(output).toContain('written\n')
    const { stdout } = spawnSync(join(root, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' })
    expect(output).toContain(stdout)
  }, 120_000)

  test('it holds the code alone: no tests, no tools for them, no state', () => {
    const { output } = run([], 'ls', '-a', '/opt/syllabus', '/opt/syllabus/deploy', '/opt/syllabus/node_modules')
    for (const name of ['test', 'docs', 'runs', '.syllabus', '.git', 'vitest', 'typescript', 'helm', 'cluster.json'])
      expect(output.split('\n')).not.toContain(name)
  }, 60_000)

  test('tini passes a signal on, and a process that was left is taken up', async () => {
    const words = ['run', '--rm', ...machine, ...sealedOff, '--name', 'syllabus-tested', tag]
    const script = "trap 'echo drained; exit 0' TERM; cat /proc/1/comm; echo ready; while :; do sleep 0.1; done"
    const child = spawn(podman!, [...words, 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (piece: Buffer) => (text += piece.toString()))
    while (!text.includes('ready') && child.exitCode === null) await once(child.stdout, 'data')
    runTool(podman!, ['stop', '--time', '20', 'syllabus-tested'])
    const [code] = child.exitCode === null ? await once(child, 'close') : [child.exitCode]
    expect([code, text]).toEqual([0, 'tini\nready\ndrained\n'])
  }, 120_000)

  test('what the image brings of a home is linked into the home, and nothing there is written over', () => {
    const script =
      'mkdir -p /tmp/brought/runtime/venv-1 /tmp/brought/students/small; mkdir -p /data/home/students/small; ln -s /gone /data/home/runtime-old; ' +
      'SYLLABUS_IMAGE_HOME=/tmp/brought /opt/syllabus/deploy/images/start.sh sh -c "readlink /data/home/runtime/venv-1; readlink /data/home/students/small || echo kept"'
    const { code, output } = run([], 'sh', '-c', script)
    expect(code, output).toBe(0)
    expect(output).toContain('/tmp/brought/runtime/venv-1\nkept\n')
  }, 60_000)

  test('its health is that of the process in it', () => {
    const check = ['node', '/opt/syllabus/deploy/images/health.mjs']
    expect(run([], ...check).code).toBe(0)
    expect(run(['--env', 'SYLLABUS_TELEMETRY_PORT=9'], ...check).code).toBe(1)
    const { output } = runTool(podman!, ['inspect', '--format', '{{json .HealthCheck}} {{.User}}', tag])
    expect(output).toContain('health.mjs')
    expect(output).toContain('10001:10001')
  }, 60_000)
})
