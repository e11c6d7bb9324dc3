import { Option } from 'commander'

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
  new Option('--judge-model <name>', 'the model of votes and verdicts (default: the teacher)').conflicts('teacher')

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
