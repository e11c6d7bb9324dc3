import { defaultTopology } from '../../launcher/topology/topology-file.ts'
import { commandAgain } from '../command-again.ts'

type Given = { topology: string; teacher?: string; model?: string; moved?: boolean }

/** The options that name the same agents; without them a run or a resume would want others, and is refused. */
const sameAgents = ({ topology, teacher, model }: Given): string[] => [
  ...(topology === defaultTopology ? [] : ['--topology', topology]),
  ...(teacher === undefined ? [] : ['--teacher', teacher]),
  ...(model === undefined ? [] : ['--model', model]),
]

/** What goes on with a run that these options were given for; its models it knows itself. */
export const resumeAgain =
  ({ topology, teacher, moved = false }: Given) =>
  (runId: string): string =>
    commandAgain([
      'resume',
      runId,
      ...sameAgents({ topology, ...(teacher !== undefined && { teacher }) }),
      ...(moved ? ['--moved'] : []),
    ])

/** What starts a run on agents that were started with these options. */
export const runOnThem = (given: Given): string => commandAgain(['run', ...sameAgents(given)])
