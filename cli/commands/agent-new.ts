import { Argument, type Command, Option } from 'commander'
import { newAgent } from '../../experiments/new-agent/new-agent.ts'
import { type AgentLanguage, languages, type NewRole, newRoles } from '../../experiments/new-agent/template.ts'
import { printable, printableJson } from '../../schemas/printable.ts'

export function registerAgentNew(agent: Command): void {
  agent
    .command('new')
    .description('begin an agent of your own: a folder with one that works, a test of it and a topology')
    .addArgument(new Argument('<role>', 'kind of agent').choices([...newRoles]))
    .argument('[dir]', 'the new folder (default: my-<role>)')
    .addOption(new Option('--language <language>', 'what it is written in').choices([...languages]).default('ts'))
    .option('--name <name>', "its name as a variant (default: the folder's)")
    .option('--json', 'JSON instead of text', false)
    .action(
      async (
        role: NewRole,
        dir: string | undefined,
        { json, ...options }: { language: AgentLanguage; name?: string; json: boolean },
      ) => {
        const written = await newAgent({ ...options, role, dir: dir ?? `my-${role}` })
        if (json) return console.log(printableJson(written))
        console.log(printable(`${written.dir}: ${written.files.join(', ')}`))
        console.log(printable(`Next, in ${written.dir}:\n${written.next.map((line) => `  ${line}`).join('\n')}`))
      },
    )
}
