import { Command } from 'commander'
import { expect, test } from 'vitest'
import { registerFor, registrations } from '../../../cli/commands.ts'

const namesOf = (program: Command) => program.commands.map((command) => command.name())

test.each(registrations)('what registers $words answers to these words and no others', async ({ words, load }) => {
  const program = new Command()
  const register = await load()
  register(program)
  expect(namesOf(program).toSorted()).toEqual(words.toSorted())
})

test('a word loads its command alone, and anything else loads all of them', async () => {
  const one = new Command()
  await registerFor('dead', one)
  expect(namesOf(one)).toEqual(['dead'])
  const all = new Command()
  await registerFor('--help', all)
  expect(new Set(namesOf(all))).toEqual(new Set(registrations.flatMap(({ words }) => words)))
})
