import { defaultTopology, topologyName } from '../../launcher/topology/topology-names.ts'

type Given = { topology: string; teacher?: string; model?: string; planner?: string; student?: string; moved?: boolean }

/** The options that name the same agents; without them a run or a resume would want others, and is refused. */
const sameAgents = ({ topology, teacher, model, planner, student }: Given): string[] => [
  ...(topology === defaultTopology ? [] : ['--topology', topologyName(topology)]),
  ...(planner === undefined ? [] : ['--planner', planner]),
  ...(student === undefined ? [] : ['--student', student]),
  ...(teacher === undefined ? [] : ['--teacher', teacher]),
  ...(model === undefined ? [] : ['--model', model]),
]

/** What goes on with a run that these options were given for; its models and its student it knows itself. */
export const resumeAgain =
  ({ topology, teacher, planner, moved = false }: Given) =>
  (runId: string): string =>
    commandAgain([
      'resume',
      runId,
      ...sameAgents({ topology, ...(teacher !== undefined && { teacher }), ...(planner !== undefined && { planner }) }),
      ...(moved ? ['--moved'] : []),
    ])

/** What starts a run on agents that were started with these options. */
export const runOnThem = (given: Given): string => commandAgain(['run', ...sameAgents(given)])

const plain = /^[\w@%+=:,./-]+$/

const quoted = (word: string): string => (plain.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

/** The command that was given, with some of its options at other values, as a person types it. */
export function commandAgain(args: readonly string[], options: Readonly<Record<string, number>> = {}): string {
  const changed = new Set(Object.keys(options))
  const kept = args.filter((word, at) => {
    const before = args[at - 1] ?? ''
    return !changed.has(word) && !changed.has(before) && !changed.has(word.split('=')[0] ?? '')
  })
  const values = Object.entries(options).flatMap(([name, value]) => [name, String(value)])
  return ['npx', 'syllabus', ...kept, ...values].map(quoted).join(' ')
}
