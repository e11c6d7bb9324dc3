import { expect, test } from 'vitest'
import { modelsOf, shareConcurrency } from '../../../launcher/topology/models.ts'
import { paperNames, paperNamesIn, withPaperNames } from '../../../launcher/topology/paper-names.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'

const local = await readTopology(defaultTopology)
const llm = await readTopology(new URL('../../../deploy/topologies/llm.yaml', import.meta.url).pathname)

test('the names of the paper set what they mean', () => {
  const set = withPaperNames(llm, {
    DATASET_SIZE: '2000',
    MAX_TIME_HOURS: '12',
    MAX_ITERATIONS: '30',
    MAX_GENERATION_ATTEMPTS: '8',
    MAX_DEBUG_ATTEMPTS: '2',
    EXECUTION_TIMEOUT_MIN: '180',
    TOTAL_API_LIMIT: '50000',
    SESSION_API_LIMIT: '5000',
    API_CONCURRENCY: '80',
    LOCAL_MODEL: '/models/llama',
  })
  expect(set.run).toMatchObject({
    rows: 2000,
    maxHours: 12,
    attempts: 30,
    maxFixesInARow: 2,
    attemptHours: 3,
    teacherCalls: 50_000,
    attemptCalls: 5000,
  })
  expect(set.teacher.concurrency).toBe(80)
  expect(set.agents['trainer-bridge'].options).toMatchObject({ student: '/models/llama' })
})

test('tries of a one-shot planner have a name of their own', () => {
  const oneShot = { ...llm, agents: { ...llm.agents, planner: { ...llm.agents.planner, variant: 'llm-one-shot' } } }
  const env = { MAX_ITERATIONS: '30', MAX_GENERATION_ATTEMPTS: '8' }
  expect(withPaperNames(oneShot, env).run.attempts).toBe(8)
})

test.each(
  paperNames.flatMap(({ name, read }) => (read('x') === 'x' ? [] : [[name, 'many'] as const, [name, '-1'] as const])),
)('%s=%s is refused with its name', (name, text) => {
  const topology =
    name === 'MAX_GENERATION_ATTEMPTS'
      ? { ...llm, agents: { ...llm.agents, planner: { ...llm.agents.planner, variant: 'llm-one-shot' } } }
      : llm
  expect(() => withPaperNames(topology, { [name]: text })).toThrow(name)
})

test('what is set is told, the teacher too', () => {
  expect(paperNamesIn({ TEACHER_MODEL: 'm', MAX_TIME_HOURS: '2', OTHER: '1' })).toEqual([
    { name: 'MAX_TIME_HOURS', value: '2' },
    { name: 'TEACHER_MODEL', value: 'm' },
  ])
})

test('the limit of calls under way is shared out over the processes that make them', () => {
  const three = {
    ...llm,
    teacher: { ...llm.teacher, concurrency: 20 },
    agents: { ...llm.agents, generator: { ...llm.agents.generator, replicas: 3, options: { model: 'm' } } },
  }
  const { agents } = shareConcurrency({
    ...three,
    agents: { ...three.agents, critic: { ...llm.agents.critic, options: {} } },
  })
  expect(agents.generator.options.concurrency).toBe(6)
  const few = { ...three, teacher: { ...llm.teacher, concurrency: 2 } }
  expect(() => shareConcurrency(few)).toThrow('call a teacher')
  expect(modelsOf(local)).toEqual({})
  const alone = { ...local, teacher: { ...local.teacher, concurrency: 1 } }
  expect(shareConcurrency(alone)).toEqual(alone)
})
