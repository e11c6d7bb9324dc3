import { Agent, request } from 'node:http'
import { teacherTemplate } from '../support/teacher-server.ts'

/** Seconds that a bare client needs for so many calls, so many at once: no parsing, no counting, nothing kept. */
export async function rawClientSeconds(url: string, calls: number, concurrency: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency })
  const call = (index: number) =>
    new Promise<void>((resolve, reject) => {
      const content = teacherTemplate.replace('{{index}}', String(index))
      const body = JSON.stringify({ model: 'test-teacher', messages: [{ role: 'user', content }] })
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
      const sent = request(`${url}/chat/completions`, { method: 'POST', agent, headers }, (response) =>
        response.resume().once('end', resolve).once('error', reject),
      )
      sent.once('error', reject).end(body)
    })
  let next = 0
  const lane = async () => {
    while (next < calls) await call(next++)
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: concurrency }, lane))
  agent.destroy()
  return (performance.now() - startedAt) / 1000
}
