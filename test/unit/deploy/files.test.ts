import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

const root = join(import.meta.dirname, '../../..')
const text = (file: string) => readFileSync(join(root, file), 'utf8')

type Service = {
  image: string
  command?: string[]
  secrets?: { source: string; target: string }[]
  networks: string[]
  profiles?: string[]
  ports?: string[]
  read_only?: boolean
  volumes: string[]
}
type Compose = {
  services: Record<string, Service>
  secrets: Record<string, { file: string }>
  volumes: object
  networks: Record<string, { internal?: boolean }>
}
const compose = parse(text('deploy/compose.yaml'), { merge: true }) as Compose
const services = Object.entries(compose.services)

describe('compose.yaml', () => {
  test('each container reads the join file of its own role alone', () => {
    const own = services.filter(([name]) => !name.startsWith('nats-'))
    expect(own.map(([name, { secrets }]) => [name, secrets?.map(({ source }) => source)])).toEqual(
      own.map(([name]) => [name, [name === 'submit' ? 'operator' : name]]),
    )
    for (const [source, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./cluster/${source}.node.json`)
  })

  test('roots are read-only, servers are reached inside alone, and the page from this machine', () => {
    expect(services.filter(([, service]) => service.read_only !== true)).toEqual([])
    expect(compose.networks.bus).toEqual({ internal: true })
    for (const [name, { networks }] of services) {
      const asks = ['planner', 'generator', 'critic', 'page', 'submit'].includes(name)
      expect(networks, name).toEqual(asks ? ['bus', 'outside'] : ['bus'])
    }
    expect(services.flatMap(([, { ports = [] }]) => ports)).toEqual(['127.0.0.1:8080:8080'])
  })

  test('what needs a GPU is started with its profile', () => {
    expect(services.filter(([, { profiles }]) => profiles?.includes('gpu')).map(([name]) => name)).toEqual([
      'trainer-bridge',
    ])
  })
})

describe('images', () => {
  const rooms = globSync('*/*.ts', { cwd: root, exclude: (path) => String(path).startsWith('node_modules') })
    .map((file) => file.split('/')[0]!)
    .filter((room) => !['test', 'docs', 'deploy'].includes(room))
  const taken = new Set(
    text('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!')),
  )

  test('an image is built from every room of the code, and from nothing that is secret or large', () => {
    expect([...new Set(rooms)].filter((room) => !taken.has(`!${room}`))).toEqual([])
    expect(text('.dockerignore')).toMatch(/^\*\*$/m)
    for (const line of ['!.syllabus', '!runs', '!node_modules', '!test', '!.git', '!deploy', '!deploy/cluster'])
      expect([...taken]).not.toContain(line)
  })

  test.each(['agents', 'gpu'])('the image %s runs as nobody under tini, and writes its two folders alone', (name) => {
    const lines = text(`deploy/images/${name}.Dockerfile`)
    expect(lines).toMatch(/^USER 10001:10001$/m)
    expect(lines).toMatch(/^VOLUME \["\/data", "\/tmp"\]$/m)
    expect(lines).toMatch(/^ENTRYPOINT \["tini", /m)
    expect(lines).toMatch(/^HEALTHCHECK /m)
  })

  test('runtime and student are layers below the code', () => {
    const lines = text('deploy/images/gpu.Dockerfile')
    const order = ['/opt/syllabus-home/runtime /', '/opt/syllabus-home/students /', 'agents /opt/syllabus /']
    const places = order.map((each) => lines.lastIndexOf(`${each}`))
    expect(places.every((place) => place > 0)).toBe(true)
    expect(places).toEqual([...places].sort((a, b) => a - b))
  })
})
