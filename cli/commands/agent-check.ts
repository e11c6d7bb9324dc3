import { type Command, Option } from 'commander'
import { type AgentCheck, checkAgent } from '../../experiments/conformance/check-agent.ts'
import { findingsText, findingText } from '../../experiments/conformance/describe.ts'
import { exitCodes } from '../../launcher/console/exit-codes.ts'
import { printable, printableJson } from '../../schemas/printable.ts'
import { agentRoles } from '../../schemas/role.ts'
import { bundledTask } from '../../tasks/bundled-task.ts'

type Options = Omit<AgentCheck, 'reference' | 'task'> & { json: boolean }

export function registerAgentCheck(agent: Command): void {
  agent
    .command('check')
    .description("run its role's conformance suite against a variant, on a NATS server of its own (exit code 0 or 1)")
    .argument('<variant>', 'built-in variant, or a plug-in as a topology names it')
    .argument('[task]', 'task folder whose rows are asked for', bundledTask)
    .addOption(new Option('--role <role>', 'where two roles have a variant of that name').choices([...agentRoles]))
    .option('--program <file>', "program whose first source is asked for (default: the task's first skill)")
    .option('--reply <text>', 'what the stub of a model says to everything (default: a row of its own for each prompt)')
    .option('--json', 'JSON instead of text', false)
    .action(async (reference: string, task: string, { json, ...options }: Options) => {
      const found = await checkAgent({ ...options, reference, task }, (finding) => {
        if (!json) console.log(printable(findingText(finding)))
      })
      console.log(json ? printableJson(found) : printable(findingsText(found)))
      if (found.failed > 0) process.exitCode = exitCodes.failure
    })
}
