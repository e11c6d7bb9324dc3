import type { Argument, Command, Option } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may stand at a place of the command line: one of some words, a run of this folder, or a file; nothing is known of other values. */
type Values = { words: readonly string[] } | 'run' | 'file' | 'any'

type Node = {
  /** Words of the command, without `syllabus`. */
  path: string
  options: { flag: string; description: string; values: Values | null }[]
  commands: { name: string; description: string }[]
  argument: Values
}

/** The completion script of a shell, from the commands and options as they are registered. */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program)
  if (shell === 'fish') return fishScript(nodes)
  return shell === 'bash' ? bashScript(nodes) : `autoload -U +X bashcompinit && bashcompinit\n${bashScript(nodes)}`
}

function nodesOf(command: Command, path = ''): Node[] {
  const help = command.createHelp()
  const options = help.visibleOptions(command).map((option) => ({
    flag: option.long ?? option.flags,
    description: help.optionDescription(option),
    values: option.required || option.optional ? valuesOf(option) : null,
  }))
  const commands = help
    .visibleCommands(command)
    .map((each) => ({ name: each.name(), description: each.description().split('\n')[0]! }))
  const [first] = command.registeredArguments
  const own = { path, options, commands, argument: first ? valuesOf(first) : ('any' as const) }
  return [own, ...command.commands.flatMap((each) => nodesOf(each, `${path} ${each.name()}`.trim()))]
}

/** Read off the choices, and the name that the help shows. */
function valuesOf(place: Option | Argument): Values {
  if (place.argChoices) return { words: place.argChoices }
  const name = 'flags' in place ? (/[<[]([^>\]]*)/.exec(place.flags)?.[1] ?? '') : place.name()
  if (name === 'run') return 'run'
  return /file|dir|folder|task|path|bundle|where|source/.test(name) ? 'file' : 'any'
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`
const runs = `ls "\${SYLLABUS_RUNS:-runs}" 2>/dev/null`

function bashScript(nodes: readonly Node[]): string {
  const reply = (values: Values) => {
    if (values === 'any') return ':'
    if (values === 'file') return 'COMPREPLY=($(compgen -f -- "$cur"))'
    const words = values === 'run' ? `"$(${runs})"` : quoted(values.words.join(' '))
    return `COMPREPLY=($(compgen -W ${words} -- "$cur"))`
  }
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flag, values }) =>
      values ? [`    ${quoted(`${path} ${flag}`)}) ${reply(values)}; return ;;`] : [],
    ),
  )
  const flags = nodes.map(
    ({ path, options }) => `    ${quoted(path)}) flags=${quoted(options.map(({ flag }) => flag).join(' '))} ;;`,
  )
  const plain = nodes.map(
    ({ path, commands, argument }) =>
      `    ${quoted(path)}) ${reply(commands.length > 0 ? { words: commands.map(({ name }) => name) } : argument)} ;;`,
  )
  const paths = nodes.slice(1).map(({ path }) => quoted(path))
  return `_syllabus() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" flags="" word
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD-1))}"; do
    word="\${path:+$path }$word"
    case "$word" in
      ${paths.join('|')}) path="$word" ;;
    esac
  done
  COMPREPLY=()
  case "$path $prev" in
${values.join('\n')}
  esac
  case "$path" in
${flags.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur")); return; fi
  case "$path" in
${plain.join('\n')}
  esac
}
complete -o filenames -F _syllabus syllabus
`
}

function fishScript(nodes: readonly Node[]): string {
  const words = (values: Values) =>
    values === 'run'
      ? ` -x -a '(ls (set -q SYLLABUS_RUNS; and echo $SYLLABUS_RUNS; or echo runs) 2>/dev/null)'`
      : values === 'file'
        ? ' -r -F'
        : values === 'any'
          ? ' -x'
          : ` -x -a ${quoted(values.words.join(' '))}`
  const lines = nodes.flatMap(({ path, options, commands, argument }) => {
    const isHere = ` -n ${quoted(`__syllabus_at ${path}`.trim())}`
    return [
      ...commands.map(
        ({ name, description }) => `complete -c syllabus${isHere} -f -a ${name} -d ${quoted(description)}`,
      ),
      ...options.map(
        ({ flag, description, values }) =>
          `complete -c syllabus${isHere} -l ${flag.replace('--', '')} -d ${quoted(description)}${values ? words(values) : ''}`,
      ),
      ...(commands.length > 0 || argument === 'any'
        ? []
        : [`complete -c syllabus${isHere}${words(argument).replace(' -x', ' -f').replace(' -r', '')}`]),
    ]
  })
  const paths = nodes.filter(({ commands, path }) => path !== '' && commands.length > 0).map(({ path }) => path)
  return `function __syllabus_at
  set -l words (commandline -opc)[2..-1]
  set -l path $words[1]
  contains -- "$path" ${paths.join(' ')}; and set path $words[1..2]
  test "$path" = "$argv"
end
${lines.join('\n')}
`
}
