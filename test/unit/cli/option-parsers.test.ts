import { Command, type Option } from 'commander'
import { expect, test } from 'vitest'
import { registrations } from '../../../cli/commands.ts'
import { decimal, integer } from '../../../cli/options/option-parsers.ts'

const slips = ['-3', '1e3', '1.5', '', ' ', '+5', '0x10', '99999999999999999999', 'NaN', 'Infinity', 'many']

test.each(slips)('a whole number is not written as "%s"', (text) => {
  expect(() => integer(0)(text)).toThrow('write a whole number of at least 0, in digits.')
})

test('a whole number is read within its bounds', () => {
  expect(['0', '007', '9007199254740991'].map(integer(0))).toEqual([0, 7, 9007199254740991])
  expect(() => integer(1, 100)('101')).toThrow('write a whole number of at least 1 and at most 100, in digits.')
  expect(() => integer(1, 100)('0')).toThrow('at least 1')
})

test('other numbers are read within theirs', () => {
  expect(['1', '2.5', '1000'].map(decimal(1, 1000))).toEqual([1, 2.5, 1000])
  for (const text of [...slips.filter((slip) => slip !== '1.5'), '0.5', '1001', '.5', '2.'])
    expect(() => decimal(1, 1000)(text), text).toThrow('write a number of at least 1 and at most 1000')
})

/** The options of all commands that take a number, with the words that lead to them. */
async function numeric(): Promise<[string, Option][]> {
  const root = new Command()
  for (const { load } of registrations) (await load())(root)
  const under = (command: Command, words: string): [string, Option][] => [
    ...command.options
      .filter(({ flags }) => /<(n|k|r|i|x|calls|share|n\|file)>/.test(flags))
      .map((option): [string, Option] => [`${words} ${option.long}`, option]),
    ...command.commands.flatMap((each) => under(each, `${words} ${each.name()}`)),
  ]
  return under(root, 'syllabus')
}

test('every option that takes a number refuses what is none', async () => {
  const options = await numeric()
  expect(options.length).toBeGreaterThan(25)
  for (const [words, { parseArg }] of options)
    for (const text of ['-3', '1e3', '', '99999999999999999999'])
      expect(() => parseArg!(text, undefined), `${words} ${text}`).toThrow(/write a (whole )?number|is wanted/)
})
