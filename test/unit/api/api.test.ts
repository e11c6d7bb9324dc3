import { expect, test } from 'vitest'
import { errorOf } from '../../../api/errors.ts'
import { createEventQueue, eventOf, type RunEvent } from '../../../api/events.ts'
import { BadInputError, NoResultError, RunFaultedError, RunInterruptedError, SyllabusError } from '../../../api/mod.ts'
import { optionWords } from '../../../api/options.ts'

test.each([
  [{}, []],
  [{ rows: 20, judgeModel: 'm', quick: true, provenance: false }, ['--rows=20', '--judge-model=m', '--quick']],
  [{ retention: false, submissions: true }, ['--no-retention', '--submissions']],
  [{ arms: ['control', 'random'], model: undefined }, ['--arms=control,random']],
  // A task or a text that looks like an option is none.
  [{ task: '--json', search: '--all' }, ['--search=--all', '--', '--json']],
  [{ home: '/h', env: { A: 'b' }, cwd: '/', eventBuffer: 3, runs: '/r' }, []],
])('options %j are the words %j', (options, words) => {
  expect(optionWords(options)).toEqual(words)
})

test.each([
  [1, SyllabusError],
  [2, BadInputError],
  [3, NoResultError],
  [4, RunFaultedError],
  [130, RunInterruptedError],
  [99, SyllabusError],
])('exit code %i has its error', (exitCode, Kind) => {
  const error = errorOf({ exitCode, what: 'What.', fix: 'Do this.', runId: 'r' })
  expect(error).toBeInstanceOf(Kind)
  expect(error.name).toBe(Kind.name)
  expect(error).toMatchObject({ exitCode, what: 'What.', fix: 'Do this.', runId: 'r', message: 'What.\nDo this.' })
})

const line = (text: string): RunEvent => ({ type: 'line', text })

async function taken(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const texts: string[] = []
  for await (const event of events)
    texts.push(event.type === 'line' ? event.text : `${event.type} ${JSON.stringify(event)}`)
  return texts
}

test('events wait for their reader, up to a number, and it is known how many did not', async () => {
  const queue = createEventQueue(3)
  for (const text of ['a', 'b', 'c', 'd', 'e']) queue.push(line(text))
  queue.close()
  expect(await taken(queue)).toEqual(['dropped {"type":"dropped","events":2}', 'c', 'd', 'e'])
})

test('a reader that comes first is given each event, and the error at the end', async () => {
  const queue = createEventQueue(3)
  const reading = taken(queue)
  queue.push(line('a'))
  await Promise.resolve()
  queue.push(line('b'))
  queue.close(new Error('over'))
  await expect(reading).rejects.toThrow('over')
})

test('a reader that left can go on', async () => {
  const queue = createEventQueue(10)
  for (const text of ['a', 'b', 'c']) queue.push(line(text))
  for await (const event of queue) {
    expect(event).toEqual(line('a'))
    break
  }
  queue.close()
  expect(await taken(queue)).toEqual(['b', 'c'])
})

test.each([
  [{ type: 'message', name: 'decision' }, true],
  [{ type: 'page', url: 'u' }, true],
  [{ type: 'estimate' }, false],
  [{}, false],
])('the line %j is an event: %s', (written, is) => {
  expect(eventOf(written) !== null).toBe(is)
})
