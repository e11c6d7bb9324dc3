import { codeVersion } from '../../launcher/code-version.ts'
import { boundTo } from '../../launcher/topology/queues.ts'
import { hashOf } from '../../schemas/hash.ts'
import type { Program } from '../../schemas/program.ts'
import type { Setting } from '../../schemas/run.ts'
import type { Task } from '../../schemas/task.ts'
import type { Topology } from '../../schemas/topology.ts'
import { UsageError } from '../../schemas/user-error.ts'
import type { Trained } from './input.ts'

/** What a command would start: nothing else of its options changes what is asked for, made or paid. */
export type StartPlan = {
  task: Task
  /** Whose agents, models, prices and limits hold. */
  topology: Topology
  seed: number
  rows?: number | undefined
  attempts?: number | undefined
  setting?: Setting | undefined
  evidence: Trained | null
  /** Of rows alone. */
  program?: Program | undefined
}

/** A hash of all that is planned: the task's content, agents and limits, the addresses of models, and the code. */
export const planHash = ({ task, topology, ...asked }: StartPlan): string =>
  hashOf({
    ...asked,
    task: task.sha256,
    topology,
    addresses: boundTo(topology, process.env).addresses,
    code: codeVersion(),
  })

/** @throws UsageError where what would be started is not what was confirmed */
export function checkPlan(confirmed: string | undefined, plan: StartPlan): void {
  if (confirmed === undefined || confirmed === planHash(plan)) return
  throw new UsageError(
    'This is not the plan that --confirmed names: task, topology, an address, an option or the code is another.',
    'Estimate it again, and confirm what that says.',
  )
}
