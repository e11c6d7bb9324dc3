import { expect, test } from 'vitest'
import { goesOnWith } from '../../../experiments/run/goes-on-with.ts'
import { variantsIn } from '../../../launcher/topology/models.ts'
import { withOverrides } from '../../../launcher/topology/overrides.ts'
import { readTopology } from '../../../launcher/topology/topology-file.ts'
import { defaultTopology, topologyFile, topologyName } from '../../../launcher/topology/topology-names.ts'
import { localAddress } from '../../../schemas/queue.ts'
import type { RunConfig } from '../../../schemas/run.ts'
import { searchSettingsOf } from '../../../schemas/search.ts'

const local = await readTopology(defaultTopology)
const llm = await readTopology(topologyFile('llm'))

test('student, planner and budget of a command stand in place of the topology’s; nothing else changes', () => {
  expect(withOverrides(local, {})).toEqual(local)
  const changed = withOverrides(llm, { student: 'org/model@r', planner: 'llm-one-shot', budget: 7 })
  expect(changed.agents['trainer-bridge'].options.student).toBe('org/model@r')
  expect(changed.agents.planner).toMatchObject({ variant: 'llm-one-shot', options: llm.agents.planner.options })
  expect(changed.run).toEqual({ ...llm.run, teacherCalls: 7 })
  expect(withOverrides(llm, { planner: 'rules' }).agents.planner).toMatchObject({ variant: 'rules', options: {} })
})

test('a topology that comes with Syllabus goes by its name, any other by its path', () => {
  expect(topologyName(topologyFile('llm'))).toBe('llm')
  expect(topologyFile('./llm')).toBe('./llm')
  expect(topologyFile('my.yaml')).toBe('my.yaml')
})

test.each([
  [variantsIn(local), {}, 'npx syllabus resume r'],
  [{ ...variantsIn(local), planner: 'random' }, {}, 'npx syllabus resume r --planner random'],
  [
    variantsIn(local),
    { search: searchSettingsOf((await readTopology(topologyFile('four-bridges'))).run) },
    'npx syllabus resume r --topology four-bridges',
  ],
  [variantsIn(llm), {}, 'npx syllabus resume r --topology llm'],
  [{ ...variantsIn(llm), planner: 'llm-one-shot' }, {}, 'npx syllabus resume r --topology llm --planner llm-one-shot'],
  [variantsIn(llm), { addresses: { planner: localAddress } }, 'npx syllabus resume r --topology llm --teacher local'],
  [
    variantsIn(llm),
    { comparison: { name: 'march', arm: 'rules', pair: 1 } },
    'the compare command that began it, with --name march',
  ],
])('a run of %j goes on with %j', async (variants, more, command) => {
  expect(await goesOnWith({ runId: 'r', variants, ...more } as unknown as RunConfig)).toBe(command)
})
