import { readFileSync } from 'node:fs'
import { sha256 } from '../../../schemas/hash.ts'
import type { Row } from '../../../schemas/row.ts'

const read = (name: string) => readFileSync(new URL(`./prompts/${name}.md`, import.meta.url), 'utf8').trim()

/** A prompt file with its `<<name>>` places filled in; what is filled in is not looked at again. */
function template<Place extends string>(name: string): (values: Readonly<Record<Place, string>>) => string {
  const text = read(name)
  return (values) => text.replaceAll(/<<(\w+)>>/g, (_, place: Place) => values[place])
}

/** The judge's prompts. */
export const prompts = {
  judge: template<'rubric'>('judge'),
  row: template<'mark' | 'row'>('row'),
  again: template<'mark'>('again'),
}

/** What rows are scored by where the task says nothing. */
export const defaultRubric = read('rubric')

/** Twelve characters that follow from the row and that its writer could not know, since the row would have to hold them. */
export const markOf = ({ id, input, output }: Row): string => sha256(JSON.stringify([id, input, output])).slice(0, 12)

/** The row in JSON: its line breaks are escaped, so that no line of it can pass for one of ours. */
export const quoted = ({ instruction, input, output }: Row): string =>
  JSON.stringify({ instruction, input, output }, null, 1)
