import type { Command } from 'commander'

/** Ends a command's help with examples, each with what it is for. They are written without `npx syllabus`. */
export function addExamples(command: Command, examples: readonly (readonly [command: string, why: string])[]): Command {
  const lines = examples.map(([line, why]) => `  npx syllabus ${line}\n      ${why}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}
