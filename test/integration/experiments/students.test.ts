import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { defaultTopology } from '../../../launcher/topology/topology-names.ts'
import { syllabus } from '../../support/command.ts'
import { linkedHome } from '../../support/linked-home.ts'
import { makeFamilyStudents, runtimePython } from '../../support/python.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syllabus-students-'))
  await linkedHome(join(folder, 'home'), ['trainer/checked'])
  const families = ['no-template', 'both-ways', 'llama', 'gemma3', 'says-nothing']
  await makeFamilyStudents(await runtimePython(), folder, families)
}, 180_000)
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A command with a student of this family, named by a relative path: its exit code and what it printed. */
async function withStudent(
  family: string,
  args: readonly string[],
  inference: object = {},
  more: NodeJS.ProcessEnv = {},
) {
  const student = relative(process.cwd(), join(folder, family))
  const topology = parse(await readFile(defaultTopology, 'utf8'))
  topology.agents['trainer-bridge'].options = { ...topology.agents['trainer-bridge'].options, student, inference }
  const file = join(folder, `${family}.yaml`)
  await writeFile(file, stringify(topology))
  const env = { SYLLABUS_HOME: join(folder, 'home'), SYLLABUS_RUNS: join(folder, 'runs'), ...more }
  const command = syllabus([...args, '--topology', file], env)
  return { code: await command.ended, output: command.output() }
}

test.each([
  ['no-template', {}, /The student no-template cannot be used: the student's tokenizer has no chat template/],
  ['both-ways', {}, /The student both-ways cannot be used: .* no causal language model/],
  ['llama', { enable_thinking: false }, /The student llama cannot be used: .* has no variable \['enable_thinking'\]/],
] as const)(
  '%s, which cannot work, is refused by name before the run starts',
  async (family, inference, printed) => {
    const { code, output } = await withStudent(family, ['run', '--rows', '8'], inference)
    expect(code, output).toBe(2)
    expect(output).toMatch(printed)
    expect(output).not.toMatch(/live page|base: /)
  },
  180_000,
)

test('doctor tries the student of a topology and says what it found, or what is wrong with it', async () => {
  const works = await withStudent('gemma3', ['doctor'])
  expect(works.output).toMatch(
    /ok +student of the topology: gemma3: Gemma3ForCausalLM, a context of 512 tokens, turns end with "<\|im_end\|>"/,
  )
  expect(works.output).toMatch(/decoding slab, any; attention grouped; fast paths on/)
  const plain = await withStudent('gemma3', ['doctor'], {}, { SYLLABUS_FAST_PATHS: 'off' })
  expect(plain.output).toMatch(/decoding own, any; attention \w+; fast paths off/)
  expect(works.output).toMatch(/agents\.trainer-bridge\.options\.inference\.max_thinking_tokens = null/)
  const fails = await withStudent('says-nothing', ['doctor'])
  expect(fails.output).toMatch(/BROKEN +student of the topology: .* does not write what the assistant says/)
  expect(fails.code).toBe(2)
}, 300_000)
