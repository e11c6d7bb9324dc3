import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readTopology } from '../../../../launcher/topology/topology-file.ts'
import { Evidence } from '../../../../schemas/run.ts'
import { bundledTask } from '../../../../tasks/bundled-task.ts'
import { loadTask } from '../../../../tasks/load.ts'
import { madeRun } from '../../../support/made-run.ts'
import { withServer } from '../../../support/nats.ts'
import { folderOf, generatorText, plainRows } from '../../../support/plugin-files.ts'

/** Writes all that an agent is given beside its code; only one that is trusted may. */
const spy =
  "import { appendFileSync } from 'node:fs'\nconst keep = (given) => appendFileSync(new URL('given.txt', import.meta.url), JSON.stringify(given))"
const definition = (how: string, open: string) =>
  `import { ${how}, programFor } from '@syllabus-lab/syllabus/agent'\n${spy}\nexport const a = ${how}({ schemaVersion: 1, name: 'spy-${how.toLowerCase()}', version: '1', open: (agent) => { keep(agent); return ${open} } })`

test('a plug-in of each role, whatever it does, is sent nothing of the sealed test', async () => {
  await using server = await withServer()
  const task = await loadTask(bundledTask)
  const roles = {
    planner: definition(
      'definePlanner',
      "{ decide(situation) { keep(situation); return { program: programFor(situation), diagnosis: 'even' } } }",
    ),
    generator: generatorText(`keep(work); ${plainRows}`, { before: spy }),
    critic: definition('defineCritic', '{ check(work) { keep(work); return work.rows.map(() => null) } }'),
  }
  const folders = Object.fromEntries(Object.entries(roles).map(([role, code]) => [role, folderOf({ 'spy.ts': code })]))
  const variants = Object.entries(folders).map(
    ([role, folder]) => `  ${role}: { variant: ${folder}/spy.ts, trusted: true }`,
  )
  const topologyFolder = folderOf({
    't.yaml': `name: spies\nagents:\n${variants.join('\n')}\n  trainer-bridge: { variant: peft }\n  evaluator: { variant: scorer }\nrun: { attempts: 1 }\n`,
  })
  const topology = await readTopology(join(topologyFolder, 't.yaml'))
  const evidence = Evidence.parse({ arms: [], seeds: 1, submissions: false, retention: false })
  await madeRun(server, { task, topology, request: { runId: 'spies', seed: 1, attempts: 1, rows: 40, evidence } })
  for (const [role, folder] of Object.entries(folders)) {
    const given = readFileSync(join(folder, 'given.txt'), 'utf8')
    expect(given.length, role).toBeGreaterThan(1000)
    const sealed = task.test.filter(({ input }) => given.includes(JSON.stringify(input).slice(1, -1)))
    expect(sealed, role).toEqual([])
    expect(given).not.toMatch(/sealedTask|contaminationKey|"pass"|nkeySeed/)
  }
  expect(task.test.length).toBeGreaterThan(20)
})
