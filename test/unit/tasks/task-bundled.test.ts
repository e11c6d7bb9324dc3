import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Item, ItemPart } from '../../../schemas/task.ts'
import { SKILL_NAMES, sampleRow, solveCore } from '../../../tasks/everyday-numbers/procedure/mod.ts'
import { INSTRUCTION } from '../../../tasks/everyday-numbers/procedure/problem.ts'
import { skillNamed } from '../../../tasks/everyday-numbers/procedure/skills/mod.ts'
import { buildSplits, toJson, toJsonLines } from '../../../tasks/everyday-numbers/splits.ts'
import { loadTask, publicView } from '../../../tasks/load.ts'
import { procedureOf } from '../../../tasks/procedures.ts'
import { scorers } from '../../support/scorers.ts'

const folder = new URL('../../../tasks/everyday-numbers/', import.meta.url)
const task = await loadTask(folder.pathname)
const countParts = (items: readonly Item[]) => {
  const counts: Partial<Record<ItemPart, number>> = {}
  for (const { part } of items) counts[part] = (counts[part] ?? 0) + 1
  return counts
}
const coreOf = (item: Item) =>
  Object.fromEntries(
    item.coreKey
      .slice(item.skill.length + 1)
      .split(/;(?=\w+=)/)
      .map((pair) => [pair.slice(0, pair.indexOf('=')), JSON.parse(pair.slice(pair.indexOf('=') + 1))]),
  )

describe('everyday-numbers', () => {
  test('its files are what the generator writes', () => {
    const built = buildSplits()
    const kept = (file: string) => readFileSync(new URL(file, folder), 'utf8')
    expect(kept('validation.jsonl')).toBe(toJsonLines(built.validation))
    expect(kept('test.jsonl')).toBe(toJsonLines(built.test))
    expect(kept('few-shot.json')).toBe(toJson(built.fewShot))
    expect(kept('sample_submission.json')).toBe(toJson(built.sampleSubmission))
  })

  test('its parts have the sizes announced', () => {
    expect(countParts(task.validation)).toEqual({ 'in-template': 60, 'heldout-phrasing': 30, 'heldout-range': 30 })
    expect(countParts(task.test)).toEqual({
      'in-template': 120,
      'heldout-phrasing': 60,
      'heldout-range': 60,
      handwritten: 40,
    })
  })

  test('every answer follows from its core, and no core stands twice', () => {
    const items = [...task.validation, ...task.test]
    for (const item of items) expect(solveCore(item.skill, coreOf(item))).toBe(item.answer)
    expect(new Set(items.map((item) => item.coreKey)).size).toBe(items.length)
  })

  test('held-out ranges lie above every training range', () => {
    for (const item of [...task.validation, ...task.test]) {
      if (item.part === 'handwritten') continue
      const skill = skillNamed(item.skill)
      const beyond = skill.size(coreOf(item)) > skill.bands.wide[1]
      expect(beyond).toBe(item.part === 'heldout-range')
    }
  })

  test('its skills, instruction and examples agree with the procedure', async () => {
    expect(task.skills.map(({ name }) => name)).toEqual([...SKILL_NAMES])
    for (const { name, description } of task.skills) expect(skillNamed(name).description).toBe(description)
    expect(task.instruction).toBe(INSTRUCTION)
    for (const { instruction } of [...task.validation, ...task.test, ...task.fewShot])
      expect(instruction).toBe(INSTRUCTION)
    expect(task.fewShot).toHaveLength(3)
    const procedure = (await procedureOf(task))!
    const request = { skill: 'best-offer', difficulty: 1, range: 'wide', phrasings: 2, seed: 'x' } as const
    expect(procedure.sampleRow(request)).toEqual(sampleRow(request))
  })

  test('the public view holds no test question, answer or path', () => {
    const text = JSON.stringify(publicView(task))
    for (const item of task.test) {
      expect(text).not.toContain(JSON.stringify(item.input))
      expect(text).not.toContain(JSON.stringify(item.coreKey))
      expect(text).not.toContain(item.id)
    }
    expect(text).not.toContain(task.dir)
    expect(text).toContain(JSON.stringify(task.validation[0]!.input))
  })

  test('gold answers score 1', () => {
    const scorer = scorers[task.scorer.name]!
    for (const { answer } of task.test) expect(scorer.score(scorer.inForm(answer), answer).strict).toBe(true)
  })
})
