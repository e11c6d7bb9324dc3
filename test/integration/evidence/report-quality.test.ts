import { describe, expect, test } from 'vitest'
import { sampleOf } from '../../../agents/kit/sample.ts'
import { coverageOf, difficultyOf, diversityOf } from '../../../evidence/quality/measures.ts'
import { ReportData, reportHtml, reportMarkdown } from '../../../evidence/report/mod.ts'
import type { PayloadOf } from '../../../schemas/message.ts'
import type { Report } from '../../../schemas/messages/evaluation.ts'
import { cpuMsOf } from '../../support/cpu-time.ts'
import { reportData } from '../../support/report-data.ts'
import { runLog } from '../../support/run-log.ts'
import { datasetRows } from '../../support/run-log-data.ts'

describe('diversity', () => {
  test('distinct-1 and distinct-2 count different words and pairs', () => {
    // 6 words, 4 of them different (red, boat, sails, sinks); 4 pairs, 3 of them different.
    const found = diversityOf(['Red boat sails', 'red boat, sinks!'], 1)!
    expect(found).toMatchObject({ words: 6, vocabulary: 4, distinct1: 4 / 6, distinct2: 3 / 4 })
  })

  test('likeness is 1 for one text over and over, 0 for texts without a common shingle, and near the true Jaccard between', () => {
    const same = Array.from({ length: 5 }, () => 'the quick brown fox jumps over lazy dogs')
    expect(diversityOf(same, 1)!.selfOverlap).toBe(1)
    expect(diversityOf(['one red boat sails away', 'green hills sleep under snow'], 1)!.selfOverlap).toBe(0)
    const words = Array.from(
      { length: 80 },
      (_, index) => `w${String.fromCharCode(97 + (index % 26))}${'x'.repeat(index)}`,
    )
    const [first, second] = [words.slice(0, 60).join(' '), words.slice(20).join(' ')]
    // 58 shingles each, 38 in common.
    expect(Math.abs(diversityOf([first, second], 1)!.selfOverlap! - 38 / 78)).toBeLessThan(0.2)
    expect(diversityOf(['alone here'], 1)!.selfOverlap).toBeNull()
    expect(diversityOf([], 1)).toBeNull()
  })

  test('the sample is bounded, seeded and of the values', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index)
    const drawn = sampleOf(values, 300, 7)
    expect(new Set(drawn).size).toBe(300)
    expect(drawn).toEqual(sampleOf(values, 300, 7))
    expect(drawn).not.toEqual(sampleOf(values, 300, 8))
  })

  test('its cost is linear: ten times the rows take less than thirty times as long', () => {
    const texts = (count: number) =>
      Array.from(
        { length: count },
        (_, index) => `A crate holds ${index} jars and ${index * 7} lids. How many are there in all?`,
      )
    const timed = (count: number) => {
      const rows = texts(count)
      return cpuMsOf(() => void diversityOf(rows, 1))
    }
    timed(2_000)
    const [small, large] = [timed(5_000), timed(50_000)]
    expect(large).toBeLessThan(30 * small)
  })
})

test('difficulty: levels where every row states one, proxies always', () => {
  const rows = datasetRows(1, 30)
  const found = difficultyOf(rows)!
  expect(found.levels).toEqual([1, 2, 3].map((level) => ({ level, rows: 10 })))
  expect(found.level).toBe(2)
  // "A parcel weighs 2 kg. How many grams is that?"
  expect(found).toMatchObject({ questionWords: 10, questionNumbers: 1, replyNumbers: 4 })
  const { difficulty: _level, ...origin } = rows[0]!.origin
  expect(difficultyOf([{ ...rows[0]!, origin }, rows[1]!])).toMatchObject({ levels: null, level: null })
  expect(difficultyOf([])).toBeNull()
})

test('coverage: shares of validation with rows, and in common', () => {
  expect(coverageOf({ a: 30, b: 10 }, { a: 10, b: 10, c: 20 })).toEqual({
    covered: 0.5,
    overlap: 0.5,
    entropy: -(0.75 * Math.log2(0.75) + 0.25 * Math.log2(0.25)),
    validationEntropy: 1.5,
  })
  expect(coverageOf({ a: 5 }, {})).toBeNull()
})

describe('quality in the report', () => {
  const embedding = {
    embedder: 'a-model',
    rows: 80,
    questions: 0.4321,
    replies: 0.1234,
    requests: 2,
    tokens: 99,
    failure: null,
  }
  const log = runLog().map((entry) => {
    if (entry.name !== 'report') return entry
    const report = entry.payload as PayloadOf<typeof Report>
    if (report.studentModel.name !== 'attempt-2') return entry
    const training = { ...report.training!, perplexity: { rows: 100, tokens: 2100, nll: Math.log(8) }, embedding }
    return { ...entry, payload: { ...report, training } }
  })

  test('follows from datasets and log: equal for equal runs, what has no source is null', () => {
    const data = reportData(log)
    expect(data.quality.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3])
    expect(data.quality.map(({ perplexity }) => perplexity?.value.toFixed(6) ?? null)).toEqual([
      null,
      null,
      '8.000000',
      null,
    ])
    expect(data.quality[1]).toMatchObject({
      rows: 300,
      judged: null,
      coverage: { covered: 1 },
      contamination: { validation: 0, sealed: 6, templates: 0 },
    })
    expect(reportData(log).quality).toEqual(data.quality)
    expect(ReportData.parse(JSON.parse(JSON.stringify(data))).quality).toEqual(data.quality)
  })

  test('is a table by attempt and a plot beside the validation score', () => {
    const data = reportData(log)
    for (const page of [reportHtml(data), reportMarkdown(data)]) {
      expect(page).toContain('Quality of the data')
      expect(page).toContain('8.00 (100 rows)')
      expect(page).not.toContain('Judge, mean')
      expect(page).toContain('Distance of two questions (1 - cosine of embeddings)')
      expect(page).toContain('0.432')
      expect(page).toContain('embeddings of a-model (mean over pairs of 80 rows)')
    }
    expect(reportHtml(data)).toContain('question distance')
    const failed = { ...embedding, questions: null, replies: null, failure: 'a-model: HTTP 500: down' }
    const without = data.quality.map((one) => ({ ...one, embedding: null }))
    expect(reportMarkdown({ ...data, quality: without })).toContain('by words alone (n-gram)')
    const broken = data.quality.map((one) => ({ ...one, embedding: failed }))
    expect(reportMarkdown({ ...data, quality: broken })).toContain('which failed: a-model: HTTP 500: down')
    expect(reportHtml(data)).toContain('Measures of quality by attempt beside the validation score')
    const judged = { rows: 3, mean: 4, lowest: 2, models: ['judge-1'] }
    const quality = data.quality.map((one) => ({ ...one, judged }))
    expect(reportMarkdown({ ...data, quality })).toContain('4.00 (3 rows, lowest 2)')
  })
})
