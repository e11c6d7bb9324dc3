import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** The blocks of TypeScript in a document that use the SDK, by the name that each agent declares. */
export function documentedAgents(document: string): Map<string, string> {
  const text = readFileSync(join(root, document), 'utf8')
  const blocks = [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code]) => code!)
  return new Map(
    blocks.flatMap((code) => (/name: '([^']+)'/.exec(code)?.[1] ? [[/name: '([^']+)'/.exec(code)![1]!, code]] : [])),
  )
}
