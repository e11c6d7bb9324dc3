import { type Handler, TerminalError } from '../../bus/mod.ts'
import { Batch, type TrialOutcome, Tried } from '../../schemas/messages/generation.ts'
import { PublicTask } from '../../schemas/task.ts'
import { procedureOf } from '../../tasks/procedures.ts'
import { openSandbox } from '../../tasks/sandbox/sandbox.ts'
import type { AgentContext, AgentModule, StartedAgent } from '../kit/agent.ts'
import { cachedJson } from '../kit/cache.ts'
import { meteredOptions } from '../kit/metered/work.ts'
import { openRounds } from '../kit/rounds.ts'
import { LlmGeneratorOptions } from './llm/options.ts'
import { openPromptWork, type PromptWork } from './llm/work.ts'
import { generateShard } from './procedural/graph.ts'

/** The handler of both variants: a source of the task's procedure needs no teacher, so either makes its rows. */
function start({ bus, identity }: AgentContext, prompt: PromptWork | null): StartedAgent<'generator'> {
  const task = cachedJson(bus, PublicTask)
  const { roundOf, programOf } = openRounds(bus)
  const shardHandler: Handler<'shard'> = async (shard, { runId, cause, signal }) => {
    const round = await roundOf(shard.round)
    const program = await programOf(round.program)
    const source = program.sources.find(({ id }) => id === shard.source)
    if (!source) throw new TerminalError(`the program of its round has no source "${shard.source}"`)
    const sample = async () => {
      const asked = await task(round.publicTask)
      const procedure = await procedureOf(asked)
      if (!procedure)
        throw new TerminalError(`task "${asked.id}" has no procedure, so ${identity.variant} cannot make rows for it`)
      return generateShard(shard, source, procedure, signal)
    }
    if (source.kind === 'prompt' && !prompt)
      throw new TerminalError(`source "${source.id}" wants a teacher: use the generator variant llm`)
    const name = `a${round.attempt}.r${round.round}.s${shard.shard}`
    const tried = async (outcome: TrialOutcome) => {
      await bus.publish(
        Tried,
        { runId, variant: round.variants.planner, id: `tried:${name}`, cause },
        { attempt: round.attempt, round: round.round, shard: shard.shard, source: source.id, outcome },
      )
    }
    const batch =
      source.kind === 'prompt' && prompt
        ? await prompt({ shard, round, program, source }, { runId, signal, tried })
        : await sample()
    // A usable reply was reported as it came, but for work that another process finished.
    if (batch.trial) await tried(batch.trial)
    const id = `batch:${name}`
    await bus.publish(Batch, { runId, variant: round.variants.critic, id, cause }, batch)
  }
  return { handlers: { shard: shardHandler } }
}

/** generator: makes the candidates of one shard of rows. */
export const generator: AgentModule<'generator'> = {
  role: 'generator',
  variants: {
    procedural: async (context) => start(context, null),
    llm: async (context) => {
      const options = meteredOptions(context, LlmGeneratorOptions)
      const sandbox = openSandbox(options.sandbox)
      const started = start(context, await openPromptWork(context, options, sandbox))
      return { ...started, release: async () => sandbox[Symbol.asyncDispose]() }
    },
  },
}
