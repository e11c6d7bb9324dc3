/** A public name of an SDK: its doc comment, its examples, and the declaration. */
export type PublicName = { name: string; isType: boolean; comment: string; example: string; declaration: string }

/** The names that a module exports from others, with the file of each. */
export const exportedNames = (text: string): { name: string; from: string }[] =>
  [...text.matchAll(/^export (?:type )?\{([^}]*)\} \w+ '([^']+)'/gms)].flatMap(([, names, from]) =>
    names!
      .split(',')
      .map((each) => each.trim().replace(/^type /, ''))
      .filter(Boolean)
      .map((name) => ({ name, from: from! })),
  )

/** What a file says of a name that it declares; null where it does not. */
export function publicName(name: string, text: string): PublicName | null {
  const found = new RegExp(
    `(?:/\\*\\*((?:(?!\\*/)[^])*)\\*/\\n)?export (?:declare )?(type|const|function|async function) ${name}\\b([^]*?)(?=\\n(?:/\\*\\*|export|const|function|type)\\b|\\n\\n|$)`,
  ).exec(text)
  if (!found) return null
  const [, written = '', kind = '', rest = ''] = found
  const lines = written.split('\n').map((line) => line.replace(/^\s*\*? ?/, ''))
  const at = lines.findIndex((line) => line.startsWith('@example'))
  const comment = (at < 0 ? lines : lines.slice(0, at)).join(' ').replaceAll(/\s+/g, ' ').trim()
  const example =
    at < 0
      ? ''
      : lines
          .slice(at + 1)
          .join('\n')
          .trim()
  return { name, isType: kind === 'type', comment, example, declaration: `${kind} ${name}${rest}`.trim() }
}

/** `docs/agent-sdk.md`: the public names of the SDK, functions first. */
export function sdkReference(names: readonly PublicName[]): string {
  const sections = (isType: boolean) =>
    names
      .filter((each) => each.isType === isType)
      .map(sectionOf)
      .join('')
  return `# The SDK for agents

Generated from the doc comments of \`agents/sdk/mod.ts\` by \`npm run schemas\`; do not edit. How an agent is written:
[agents](agents.md). All names are imported from \`@syllabus-lab/syllabus/agent\`.

## Functions

${sections(false)}## Types

${sections(true).trimEnd()}
`
}

function sectionOf({ name, isType, comment, example, declaration }: PublicName): string {
  const shown = isType ? `\`\`\`ts\n${declaration}\n\`\`\`\n\n` : ''
  const used = example === '' ? '' : `\`\`\`ts\n${example}\n\`\`\`\n\n`
  return `### ${name}\n\n${comment === '' ? '' : `${wrapped(comment)}\n\n`}${shown}${used}`
}

const mostChars = 138

function wrapped(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!
    if (last !== '' && last.length + word.length + 1 > mostChars) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join('\n')
}
