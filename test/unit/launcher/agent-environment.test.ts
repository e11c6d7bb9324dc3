import { afterEach, expect, test, vi } from 'vitest'
import { environmentWithout } from '../../../launcher/agent-child.ts'

afterEach(() => vi.unstubAllEnvs())

test('what is a command’s own secret is no part of an agent’s environment', () => {
  const secrets = [
    'NATS_URL',
    'SYLLABUS_CREDENTIALS',
    'SYLLABUS_CONTAMINATION_KEY',
    'SYLLABUS_TELEMETRY_TOKEN',
    'OTEL_EXPORTER_OTLP_HEADERS',
    'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
  ]
  for (const name of secrets) vi.stubEnv(name, 'planted')
  vi.stubEnv('OPENAI_API_KEY', 'planted too')
  vi.stubEnv('LANG', 'C')
  const environment = environmentWithout(['OPENAI_API_KEY'])
  expect(Object.entries(environment).filter(([, value]) => value.includes('planted'))).toEqual([])
  expect(environment.LANG).toBe('C')
})
