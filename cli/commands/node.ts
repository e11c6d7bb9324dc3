import { type Command, InvalidArgumentError, Option } from 'commander'
import { type Counts, rangeForm, readRange } from '../../cluster/node/counts.ts'
import { stopNode } from '../../cluster/node/held-name.ts'
import { NodeName } from '../../cluster/node/presence.ts'
import { startNode } from '../../cluster/node/start.ts'
import { createReporter } from '../../launcher/console/reporter.ts'
import { type AgentRole, agentRoles } from '../../schemas/role.ts'

type Options = Record<string, unknown> & { name?: string; json: boolean }

export function registerNode(program: Command): void {
  const node = program.command('node').description('this host as a node of a cluster (docs/cluster.md)')
  const start = node
    .command('start')
    .description('have agents here for every run that goes on, until interrupted; limits and options come from the bus')
    .argument('<file>', 'this node\'s join file, as "syllabus cluster node" writes it')
  for (const role of agentRoles) {
    const isBridge = role === 'trainer-bridge'
    const [form, more] = isBridge ? ['<n|gpus>', '; gpus: one for each GPU, which it has alone'] : ['<n|min..max>', '']
    start.addOption(
      new Option(`--${role} ${form}`, `agents of this role for each queue${more}`).argParser(countOf(isBridge)),
    )
  }
  const name = new Option('--name <name>', "its name, where several processes have one join file (default: the file's)")
  start.addOption(name.argParser(nodeName))
  start.option('--json', 'JSON lines instead of text', false).action(async (file: string, options: Options) => {
    const reporter = createReporter({ json: options.json })
    await startNode({ file, ...(options.name && { name: options.name }), counts: countsIn(options), reporter })
  })
  node
    .command('stop')
    .description('drain a node of this host: it takes nothing more, finishes what it has in hand, and ends')
    .argument('[name]', 'its name; may be left out where there is one alone')
    .option('--json', 'JSON lines instead of text', false)
    .action((name: string | undefined, { json }: Options) => stopNode(name, createReporter({ json }).line))
}

const countOf = (isBridge: boolean) => (text: string) => {
  if (isBridge && text === 'gpus') return text
  const range = readRange(text)
  if (range) return range
  throw new InvalidArgumentError(`${rangeForm}${isBridge ? '; or gpus' : ''}.`)
}

function nodeName(text: string): string {
  const { error } = NodeName.safeParse(text)
  if (error) throw new InvalidArgumentError(`${error.issues[0]!.message}.`)
  return text
}

/** Options have camel case, roles dashes. */
function countsIn({ trainerBridge, ...options }: Options): Counts {
  const given: Record<string, unknown> = {
    ...options,
    ...(trainerBridge !== 'gpus' && { 'trainer-bridge': trainerBridge }),
  }
  const counts = Object.fromEntries(agentRoles.flatMap((role: AgentRole) => (given[role] ? [[role, given[role]]] : [])))
  return { ...counts, ...(trainerBridge === 'gpus' && { gpus: true }) }
}
