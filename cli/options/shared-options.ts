import { InvalidArgumentError, Option } from 'commander'
import { defaultTopology, topologyFile, topologyNames } from '../../launcher/topology/topology-names.ts'
import { variantsOf } from '../../schemas/variants.ts'
import { type TrackerName, trackerNames } from '../../trackers/tracker.ts'

/** `--topology`, of commands that read one. */
export const topologyOption = (what: string) =>
  new Option('--topology <file>', `${what}: a file, or one of ${topologyNames().join(', ')}`)
    .argParser(topologyFile)
    .default(defaultTopology, 'local')

/** `--provenance`, of commands that export rows. */
export const provenanceOption = () =>
  new Option('--provenance', 'say of each row in columns of its own where it comes from').default(false)

/** `--student`, of commands that train or check one. */
export const studentOption = () =>
  new Option('--student <model>', "embedded, a folder with a model, or org/model@revision (default: the topology's)")

/** `--planner`, of commands that start one. */
export const plannerOption = () =>
  new Option('--planner <variant>', "who plans the datasets (default: the topology's)").choices(
    variantsOf.planner.filter((variant) => variant !== 'generate'),
  )

/** An option under the name that it had before, which the help no longer shows. */
export const formerOption = (flags: string, now: string) => new Option(flags, `former name of ${now}`).hideHelp()

/** `--teacher`: a language model of this machine, in place of the one behind OPENAI_BASE_URL. */
export const teacherOption = () =>
  new Option(
    '--teacher <where>',
    'local: the student itself is the language model, served here without a key; local:<folder>: another model',
  ).conflicts('model')

/** `--model`, also from the environment; TEACHER_MODEL is the paper's name of it. */
export const modelOption = (description = 'language model of planner and teacher, where they ask one') =>
  new Option('--model <name>', description).env(
    process.env.SYLLABUS_MODEL === undefined && process.env.TEACHER_MODEL !== undefined
      ? 'TEACHER_MODEL'
      : 'SYLLABUS_MODEL',
  )

/** `--judge-model`, of commands that make data alone. */
export const judgeModelOption = () =>
  new Option('--judge-model <name>', 'the model of votes and judge scores (default: the teacher)').conflicts('teacher')

/** `--tracker`, of commands that start or go on with a run. */
export const trackerOption = () =>
  new Option('--tracker <list>', `write the run to ${trackerNames.join(', ')} as it goes (docs/trackers.md)`).argParser(
    (text: string): TrackerName[] => {
      const all = [...new Set(text.split(',').map((name) => name.trim()))]
      const unknown = all.find((name) => !trackerNames.some((each) => each === name))
      if (unknown === undefined) return all as TrackerName[]
      throw new InvalidArgumentError(`"${unknown}" is no tracker; there is ${trackerNames.join(', ')}.`)
    },
  )

/** `--confirmed`, of commands that a program starts for somebody who confirmed what they do. */
export const confirmedOption = () =>
  new Option('--confirmed <plan>', 'start only what "estimate --json" gave this plan for; anything else is refused')

/** `--no-agents`, of commands that start work on a cluster. */
export const noAgentsOption = () =>
  new Option('--no-agents', 'start no agent here: nodes of the cluster have them all (docs/cluster.md)').conflicts(
    'teacher',
  )

/** `--moved`, of commands that go on with a run. */
export const movedOption = () =>
  new Option(
    '--moved',
    'the endpoints of the run are the same ones at other addresses: its models are asked where topology and environment say now',
  ).default(false)

/** For each command that reads a task folder: a folder in the paper's form has no task.yaml to name its scorer. */
export function scorerOption(): Option {
  return new Option(
    '--scorer <name|file.js>',
    'scorer of a task folder that has no task.yaml (default: the script in it)',
  )
}
