import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { apply, image } from './cluster.ts'

/** The server of the other tests, in a pod: it plays a teacher at port 8000, and shows at 8001 what it was asked. */
const script = `
import { createServer } from 'node:http'
import net from 'node:net'
import { startTeacherServer } from '/opt/syllabus/test/support/teacher-server.ts'
const teacher = await startTeacherServer({ latencyMs: Number(process.env.LATENCY_MS) })
const port = Number(new URL(teacher.url).port)
net.createServer((client) => {
  const server = net.connect(port, '127.0.0.1')
  client.pipe(server).pipe(client)
  for (const each of [client, server]) each.on('error', () => { client.destroy(); server.destroy() })
}).listen(8000, '0.0.0.0')
createServer((request, response) => {
  const twice = [...teacher.byPrompt.values()].reduce((sum, count) => sum + count - 1, 0)
  response.end(JSON.stringify({ requests: teacher.requests, prompts: teacher.byPrompt.size, twice }))
}).listen(8001, '0.0.0.0')
`

const labels = { app: 'teacher' }

/** Starts the stub and its Service. */
export function startStub(latencyMs: number): void {
  const server = readFileSync(join(import.meta.dirname, '../support/teacher-server.ts'), 'utf8')
  apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'teacher' },
    data: { 'teacher-server.ts': server, 'stub.mjs': script },
  })
  apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'teacher', labels },
    spec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'teacher',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['node', '/opt/syllabus/test/support/stub.mjs'],
          env: [{ name: 'LATENCY_MS', value: String(latencyMs) }],
          readinessProbe: { httpGet: { path: '/', port: 8001 }, periodSeconds: 1 },
          volumeMounts: ['teacher-server.ts', 'stub.mjs'].map((file) => ({
            name: 'code',
            mountPath: `/opt/syllabus/test/support/${file}`,
            subPath: file,
          })),
        },
      ],
      volumes: [{ name: 'code', configMap: { name: 'teacher' } }],
    },
  })
  apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'teacher' },
    spec: {
      selector: labels,
      ports: [
        { name: 'api', port: 8000 },
        { name: 'asked', port: 8001 },
      ],
    },
  })
}
