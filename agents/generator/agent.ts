import { TerminalError } from '../../bus/mod.ts'
import type { ObjectRef } from '../../schemas/ids.ts'
import { Batch } from '../../schemas/messages/generation.ts'
import { PublicTask } from '../../schemas/task.ts'
import { procedures } from '../../tasks/procedures.ts'
import type { AgentContext, AgentModule, StartedAgent } from '../kit/agent.ts'
import { memo } from '../kit/cache.ts'
import { generate } from './procedural/graph.ts'

async function startProcedural({ bus, identity }: AgentContext): Promise<StartedAgent<'generator'>> {
  const task = memo(
    (ref: ObjectRef) => bus.objects.getJson(ref, PublicTask),
    (ref) => ref.sha256,
  )
  return {
    handlers: {
      shard: async (shard, { runId, cause, signal }) => {
        const { id } = await task(shard.round.publicTask)
        const procedure = procedures[id]
        if (!procedure)
          throw new TerminalError(`task "${id}" has no procedure, so ${identity.variant} cannot make rows for it`)
        const batch = await generate(shard, procedure, signal)
        const { attempt, round } = shard.round
        await bus.publish(
          Batch,
          { runId, variant: shard.round.variants.critic, id: `batch:a${attempt}.r${round}.s${shard.shard}`, cause },
          batch,
        )
      },
    },
  }
}

/** generator: makes the candidates of one shard of rows. */
export const generator: AgentModule<'generator'> = {
  role: 'generator',
  variants: { procedural: startProcedural },
}
