import { Argument, type Command, Option } from 'commander'
import { type AddedAgent, addAgent } from '../../experiments/run/add-agent.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'
import { runId } from '../options/option-parsers.ts'
import { modelOption, movedOption, topologyOption } from '../options/shared-options.ts'
import { registerAgentCheck } from './agent-check.ts'
import { registerAgentNew } from './agent-new.ts'

export function registerAgent(program: Command): void {
  const agent = program
    .command('agent')
    .description('join a bus with one more agent: this is how one scales out by hand')
    .addArgument(new Argument('<role>', 'kind of agent').choices([...agentRoles]))
    .option('--variant <name>', "the role's variant (default: the topology's)")
    .addOption(topologyOption('limits and options'))
    .addOption(modelOption('language model, where the agent asks one'))
    .addOption(
      new Option(
        '--run <id>',
        'a run that is to go on: the agent has its model and options, works for it alone, and ends with it',
      )
        .argParser(runId)
        .conflicts('variant'),
    )
    .addOption(movedOption())
    .action((role: AgentRole, options: AddedAgent) => addAgent(role, options))
  registerAgentNew(agent)
  registerAgentCheck(agent)
}
