import type { Command, CommanderError } from 'commander'

/** Codes of what a person asked for: help or the version, which is printed already. */
const asked: ReadonlySet<string> = new Set(['commander.help', 'commander.helpDisplayed', 'commander.version'])

/** What is wrong, and how to put it right. */
export type ErrorParts = { what: string; fix: string }

/** A mistake on the command line: what is wrong, and the help of the option or argument that it is about. Null for what is no mistake. */
export function usageParts(command: Command, error: CommanderError): ErrorParts | null {
  if (asked.has(error.code)) return null
  const [what = '', hint] = error.message.replace(/^error: /, '').split('\n')
  const about = hint ? (helpOf(command, hint) ?? hint) : (helpOf(command, what) ?? namesIn(command) ?? command.usage())
  return { what, fix: about.trim() }
}

/** An error as every command shows it: what is wrong, how to put it right, and where to read more. Of several faults each has a line. */
export function errorLines({ what, fix }: ErrorParts, command: Command): string {
  const lines = what.split('\n')
  const wrong = lines.length > 2 ? what : lines.join(' ')
  const inset = (text: string) => text.replaceAll('\n', '\n  ')
  return [`error: ${inset(wrong)}`, `  ${inset(fix)}`, `more: npx ${pathOf(command)} --help`].join('\n')
}

/** The command that words name, as far as they name one. */
export function namedIn(program: Command, words: readonly string[]): Command {
  const [next = '', ...rest] = words
  const found = program.commands.find((each) => each.name() === next)
  return found ? namedIn(found, rest) : program
}

const pathOf = (command: Command): string =>
  [...(command.parent ? [pathOf(command.parent)] : []), command.name()].join(' ')

/** The line of the help about the first option or argument that a message names. */
function helpOf(command: Command, message: string): string | null {
  const help = command.createHelp()
  for (const [, quoted, similar = quoted] of message.matchAll(/'([^']*)'|(?:mean |, )(--[\w-]+)/g)) {
    const option = command.options.find(({ flags, long }) => flags === similar || long === similar)
    if (option) return `${quoted ? '' : 'did you mean: '}${option.flags}  ${help.optionDescription(option)}`
    const argument = command.registeredArguments.find((each) => each.name() === quoted)
    if (argument) return `<${argument.name()}>  ${help.argumentDescription(argument)}`
  }
  return null
}

const namesIn = ({ commands }: Command): string | null =>
  commands.length > 0 ? `commands: ${commands.map((each) => each.name()).join(', ')}` : null
