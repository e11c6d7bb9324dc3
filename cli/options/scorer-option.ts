import { Option } from 'commander'

/** For each command that reads a task folder: a folder in the paper's form has no task.yaml to name its scorer. */
export function scorerOption(): Option {
  return new Option(
    '--scorer <name|file.js>',
    'scorer of a task folder that has no task.yaml (default: the script in it)',
  )
}
