import { promptRows } from '../../agents/generator/llm/graph.ts'
import { LlmGeneratorOptions } from '../../agents/generator/llm/options.ts'
import { composePrompts } from '../../agents/kit/compose-prompts.ts'
import { promptHashOf } from '../../agents/kit/metered/call.ts'
import { callHooks } from '../../agents/kit/sandbox/hooks.ts'
import { endpointOf } from '../../agents/kit/teacher/options.ts'
import { createTeacher, TeacherRefused } from '../../agents/kit/teacher/teacher.ts'
import { withTeacherLimits } from '../../launcher/topology/models.ts'
import type { Program } from '../../schemas/program.ts'
import type { Row } from '../../schemas/row.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UserError } from '../../schemas/user-error.ts'
import { openSandbox } from '../../tasks/sandbox/sandbox.ts'

/** One prompt, filled in, with the teacher's reply and the rows that were read in it. */
export type Previewed = { source: string; prompt: string; reply: string | null; rows: Row[]; fault: string | null }

type Asking = { program: Program; task: Task; topology: Topology; seed: number }

/**
 * Asks a teacher the first prompts of a program, one a source before the second of any, each once: `count` calls, and nothing is kept.
 * They are those that the run will ask first.
 * @throws UserError when the teacher refuses every call: a key, an account, a model that it does not have
 */
export async function* preview(
  { program, task, topology, seed }: Asking,
  count: number,
  signal: AbortSignal,
): AsyncGenerator<Previewed> {
  const options = LlmGeneratorOptions.parse(withTeacherLimits(topology).agents.generator.options)
  const prompted = program.sources.filter((source) => source.kind === 'prompt')
  await using sandbox = openSandbox(options.sandbox)
  const teacher = createTeacher(endpointOf(options, process.env, 'agents.generator.options'), options)
  let left = count
  const callBudget = {
    take: async () => left-- > 0,
    putBack() {
      left += 1
    },
  }
  try {
    for (let at = 0; at < count && prompted.length > 0; at++) {
      const source = prompted[at % prompted.length]!
      const round = { attempt: 1, round: 1 }
      const place = { from: Math.floor(at / prompted.length), count: 1, seed: String(seed), round }
      const { hooks } = source
      let reply: string | null = null
      const made = await promptRows(
        // Only what a prompt follows from is read of a shard.
        { ...place, shard: 0, source: source.id } as unknown as Parameters<typeof promptRows>[0],
        source,
        {
          program,
          task,
          hooks: hooks ? (given, about) => callHooks(sandbox, hooks, given, about) : null,
          limits: { ...options, maxRevisions: 0 },
          async call(_name, request) {
            const promptHash = promptHashOf(options.model, request)
            const answer = await teacher.ask(request, callBudget, signal)
            if (!answer.ok) return { promptHash, failure: answer }
            reply = answer.reply.text
            return { promptHash, reply: answer.reply }
          },
        },
        signal,
      )
      const [prompt] = composePrompts(place, source, task)
      const fault = made.failures[0]?.reason ?? null
      yield { source: source.id, prompt: prompt!.messages[0]!.content, reply, rows: made.candidates, fault }
    }
  } catch (error) {
    if (!(error instanceof TeacherRefused)) throw error
    throw new UserError(
      `The teacher ${options.model} refuses: ${error.message}`,
      'Put model, key or address right; "npx syllabus doctor --topology llm" says what the endpoint has.',
      { cause: error },
    )
  } finally {
    teacher.close()
  }
}

/** One of them as text. */
export const previewText = ({ source, prompt, reply, rows, fault }: Previewed): string =>
  [
    `source ${source}`,
    `PROMPT\n${prompt}`,
    `REPLY\n${reply ?? '(none)'}`,
    ...rows.map(({ input, output }) => `READ AS\ninput:  ${input}\noutput: ${output}`),
    ...(fault === null ? [] : [`NO ROW\n${fault}`]),
  ].join('\n\n')
