import type { PromptSource } from '../../../schemas/program.ts'
import type { PublicTask } from '../../../schemas/task.ts'
import { answerForm } from '../../../tasks/answer-form.ts'
import { openTaskScorer } from '../../../tasks/score-with.ts'
import { meteredOptions } from '../../kit/metered/work.ts'
import { callHooks } from '../../kit/sandbox/hooks.ts'
import { shown } from '../../kit/teacher/quoted.ts'
import { defineGenerator, type GeneratorServices } from '../../sdk/generator.ts'
import { promptRows } from './graph.ts'
import { LlmGeneratorOptions } from './options.ts'
import type { RunHooks } from './read-reply.ts'

/** Of the fields that are named: characters of one, at a time, and in all while the process lives. */
const [maxNameChars, maxShown, maxNamed] = [40, 8, 1000]

/** The variant `llm`: it prompts a teacher, one graph a shard. */
export const llm = defineGenerator({
  schemaVersion: 1,
  name: 'llm',
  version: '1.0.0',
  asksModel: true,
  sources: ['prompt'],
  open(agent) {
    const limits = meteredOptions(agent, LlmGeneratorOptions)
    const unusedFields = openUnusedFields()
    return {
      async make({ runId, shard, source, program, task }, services) {
        if (source.kind !== 'prompt') throw new Error(`source "${source.id}" needs no teacher`)
        const { call, signal, tried } = services
        const form = await formOf(task)
        const deps = {
          call,
          program,
          task,
          hooks: hooksOf(source, services),
          limits,
          // The control is held to the mode that counts: taught another form, it would be a straw man.
          form: shard.round.attempt === 0 ? form.control : form,
          tried,
          unused: unusedFields(runId, source.id, services),
        }
        return promptRows(shard, source, deps, signal)
      },
    }
  },
})

const forms = new WeakMap<PublicTask, ReturnType<typeof readForm>>()

/** The form of a task's answers, found out once. */
function formOf(task: PublicTask): ReturnType<typeof readForm> {
  const form = forms.get(task) ?? readForm(task)
  forms.set(task, form)
  return form
}

async function readForm({ validation, scorer }: PublicTask) {
  const form = await answerForm(validation, openTaskScorer(scorer))
  return { ...form, control: { fits: (reply: string) => form.fits(reply, scorer.primary) } }
}

const hooksOf = ({ hooks }: PromptSource, { sandbox }: GeneratorServices): RunHooks | null =>
  hooks ? (given, about) => callHooks({ call: sandbox }, hooks, given, about) : null

/** Says once which fields of a source's replies are not used: the prompt may have asked for them in vain. */
function openUnusedFields() {
  const named = new Set<string>()
  return (runId: string, source: string, { progress }: GeneratorServices) =>
    (fields: readonly string[]) => {
      const fresh = fields
        .map((field) => shown(field, maxNameChars))
        .filter((field) => !named.has(`${runId} ${source} ${field}`))
      if (fresh.length === 0 || named.size > maxNamed) return
      for (const field of fresh) named.add(`${runId} ${source} ${field}`)
      const names = fresh
        .slice(0, maxShown)
        .map((field) => `"${field}"`)
        .join(', ')
      progress(
        `unused:${source} ${names}`,
        `replies of source "${source}" hold fields that no row takes: ${names}; a parse hook can read them`,
      )
    }
}
